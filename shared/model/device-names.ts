/**
 * The member's interface always goes to this index of the instance. EC2 lets an index be taken once, so that two
 * invocations that choose different members cannot give one instance both.
 */
export const memberDeviceIndex = 1

/**
 * Names that AWS recommends for data volumes: /dev/sdf to /dev/sdp (EC2 User Guide, "Device names for volumes"). The
 * host finds a volume by its serial, never by this name; EC2 only wants each to be used once.
 */
export const deviceNames: readonly string[] = 'fghijklmnop'.split('').map((letter) => `/dev/sd${letter}`)
