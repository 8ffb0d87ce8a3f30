/** Identity: written by whoever creates a member's interface and volumes, never by the functions. */
export const identityTags = {
  ensemble: 'stayput:ensemble',
  member: 'stayput:member',
  mount: 'stayput:mount',
} as const

/** Bookkeeping: the only tag keys that the functions may write. */
export const bookkeepingTags = {
  /** On a volume: `i-…@<ISO time>`, the instance to which it is about to be, or was, attached. */
  holder: 'stayput:holder',
  /** On a volume: `permitted` from its creation until its first mount. */
  format: 'stayput:format',
  /** On every volume of an ensemble: `permitted` from its creation until the ensemble has formed its first quorum. */
  bootstrap: 'stayput:bootstrap',
  /** On an interface: `i-…@<ISO time>`, the holder that has asked to hand the member over. */
  leaving: 'stayput:leaving',
  /** The same once it is decided, written before the host is told. */
  handingOver: 'stayput:handing-over',
  /** On an interface: `<step>@<ISO time>`, what was last done for a member that is not well. */
  healing: 'stayput:healing',
  /** On an interface: `<count>@i-…@<ISO time>`, how many launches in a row have failed to become the member. */
  failures: 'stayput:failures',
} as const

/** The value of both permits. Each is given once, by whoever creates the volume, and only ever taken away here. */
export const permitted = 'permitted'
