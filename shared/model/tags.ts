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
} as const

export const formatPermit = 'permitted'
