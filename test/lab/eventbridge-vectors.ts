/**
 * What EventBridge's TestEventPattern answers, fact by fact. Each row restates, with data of our own, one fact that
 * LocalStack recorded against AWS.
 *
 * Grade D: recorded against AWS. Source: localstack/localstack (Apache-2.0), tests/aws/services/events, the templates in
 * event_pattern_templates and the recorded exceptions in test_events_patterns.snapshot.json, 2024-07 to 2025-01. For
 * six refusals (null and the empty text under anything-but) only that they are refused was at hand; their words are
 * those of the published aws/event-ruler. Rows of grade I restate event-ruler and the EventBridge User Guide where
 * nothing was recorded. What duplicates another row is not restated: a template that differs in its data only.
 */
export interface Vector {
  readonly fact: string
  readonly grade: 'D' | 'I'
  readonly pattern: unknown
  readonly event: unknown
  /** True or false: whether it matches. A string: the reason for which the pattern is refused. */
  readonly answer: boolean | string
}

type Row = readonly [fact: string, pattern: unknown, event: unknown, answer: boolean | string]

const d = (rows: readonly Row[]): Vector[] =>
  rows.map(([fact, pattern, event, answer]) => ({ fact, grade: 'D', pattern, event, answer }))
const i = (rows: readonly Row[]): Vector[] =>
  rows.map(([fact, pattern, event, answer]) => ({ fact, grade: 'I', pattern, event, answer }))

const tooComplex =
  'Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a ' +
  'wildcard character'
const affixNotString = 'prefix/suffix match pattern must be a string'
const ignoreCaseNotString = 'Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.'
const anythingButNotValue = 'Value of anything-but must be an array or single string/number value.'
const wildcardNotString = 'wildcard match pattern must be a string'

const exact = d([
  ['one field of the envelope is enough', { id: ['7'] }, { id: '7', source: 'lab' }, true],
  ['fields are and-ed', { source: ['lab'], 'detail-type': ['Made'] }, { source: 'lab', 'detail-type': 'Made' }, true],
  ['a string equals itself', { colour: ['red'] }, { colour: 'red' }, true],
  ['an empty string equals an empty string', { detail: { version: [''] } }, { detail: { version: '' } }, true],
  ['names are case sensitive', { colour: ['red'] }, { COLOUR: 'red' }, false],
  ['null equals null', { detail: { answer: [null] } }, { detail: { answer: null } }, true],
  ['null does not equal the word null', { detail: { answer: [null] } }, { detail: { answer: 'null' } }, false],
  ['a boolean equals itself', { detail: { done: [true] } }, { detail: { done: true } }, true],
  ['a boolean does not equal the other one', { detail: { done: [false] } }, { detail: { done: true } }, false],
  ['a number equals itself with a fraction of zero', { count: [300] }, JSON.parse('{"count":300.0}'), true],
  ['a nested string is a string, not JSON', { detail: { key: ['a'] } }, { detail: '{"key":"a"}' }, false],
  ['deep names are found', { image: { new: { kind: ['1234'] } } }, { image: { new: { kind: '1234' } } }, true],
  ['a string field needs a list', { colour: 'red' }, { colour: 'red' }, '"colour" must be an object or an array'],
  ['a number field needs a list', { size: 42 }, { size: 42 }, '"size" must be an object or an array'],
  ['a pattern is an object', ['not', 'an', 'object'], {}, 'Filter is not an object'],
  ['a star is a plain character outside wildcard', { mark: ['*'] }, { mark: '*' }, true],
  ['a backslash is a plain character outside wildcard', { mark: ['\\'] }, { mark: '\\' }, true],
])

const arrays = d([
  ['any element of an array may match', { resources: ['b', 'z'] }, { resources: ['a', 'b'] }, true],
  ['no element of an array matches', { resources: ['y', 'z'] }, { resources: ['a', 'b'] }, false],
  ['an empty array in a pattern is refused', { resources: [] }, { resources: [] }, 'Empty arrays are not allowed'],
  ['an empty array is not null', { resources: [null] }, { resources: [] }, false],
  ['an empty array does not exist', { resources: [{ exists: true }] }, { resources: [] }, false],
  ['one element with the field is enough', { jobs: { id: [{ exists: true }] } }, { jobs: [{ a: 1 }, { id: 2 }] }, true],
])

const dots = d([
  ['a dotted name in the event is a path', { detail: { a: { b: ['x'] } } }, { detail: { 'a.b': 'x' } }, true],
  [
    'a dotted name in the event is no more than it says',
    { detail: { a: { b: ['x'] } } },
    { detail: { 'a.b': { b: 'x' } } },
    false,
  ],
  ['a dotted name in the pattern is a path', { detail: { 'a.b': ['x'] } }, { detail: { a: { b: 'x' } } }, true],
  [
    'a dotted name in the pattern is no more than it says',
    { detail: { 'a.b': { b: ['x'] } } },
    { detail: { a: { b: 'x' } } },
    false,
  ],
])

const exists = d([
  ['exists holds for a leaf', { detail: { a: [{ exists: true }] } }, { detail: { a: 'x' } }, true],
  ['exists fails for a missing leaf', { detail: { a: [{ exists: true }] } }, { detail: { b: 'x' } }, false],
  [
    'exists false holds for a missing leaf',
    { detail: { a: { b: [{ exists: false }] } } },
    { detail: { a: { c: 1 } } },
    true,
  ],
  ['exists false fails for a leaf', { detail: { a: { b: [{ exists: false }] } } }, { detail: { a: { b: 1 } } }, false],
  ['exists fails for an inner node', { table: { key: [{ exists: true }] } }, { table: { key: { s: 'x' } } }, false],
  [
    'exists holds below an inner node',
    { table: { key: { s: [{ exists: true }] } } },
    { table: { key: { s: 'x' } } },
    true,
  ],
  ['operators are case sensitive', { key: [{ EXISTS: true }] }, { key: 1 }, 'Unrecognized match type EXISTS'],
  [
    'operators of one list are or-ed',
    { key: [{ exists: true }, { prefix: 'no' }, { suffix: 'no' }] },
    { key: 'yes' },
    true,
  ],
])

const prefixes = d([
  ['a prefix matches', { time: [{ prefix: '2026-11' }] }, { time: '2026-11-23' }, true],
  ['another prefix does not', { time: [{ prefix: '2027' }] }, { time: '2026-11-23' }, false],
  ['a prefix works on any field of the envelope', { source: [{ prefix: 'aws.' }] }, { source: 'aws.ec2' }, true],
  ['an empty prefix matches every string', { source: [{ prefix: '' }] }, { source: 'lab' }, true],
  ['a prefix may ignore case', { name: [{ prefix: { 'equals-ignore-case': 'EC2' } }] }, { name: 'ec2 thing' }, true],
  ['a prefix is a string', { time: [{ prefix: 123 }] }, { time: '1' }, 'prefix match pattern must be a string'],
  [
    'a prefix is not a list',
    { time: [{ prefix: ['2026'] }] },
    { time: '2026' },
    'prefix match pattern must be a string',
  ],
  ['a suffix matches', { file: [{ suffix: '.png' }] }, { file: 'a.png' }, true],
  ['another suffix does not', { file: [{ suffix: '.png' }] }, { file: 'a.jpg' }, false],
  ['an empty suffix matches every string', { source: [{ suffix: '' }] }, { source: 'lab' }, true],
  ['a suffix may ignore case', { file: [{ suffix: { 'equals-ignore-case': '.png' } }] }, { file: 'a.PNG' }, true],
  [
    'a suffix that ignores case still has to match',
    { file: [{ suffix: { 'equals-ignore-case': '.png' } }] },
    { file: 'a.gif' },
    false,
  ],
  ['a suffix is a string', { file: [{ suffix: 123 }] }, { file: 'a' }, 'suffix match pattern must be a string'],
  ['a suffix is not a list', { file: [{ suffix: ['.png'] }] }, { file: 'a' }, 'suffix match pattern must be a string'],
])

const ignoreCase = d([
  ['case is ignored', { name: [{ 'equals-ignore-case': 'ec2 STATE' }] }, { name: 'EC2 State' }, true],
  [
    'another text does not match though case is ignored',
    { name: [{ 'equals-ignore-case': 'ec2' }] },
    { name: 'EC3' },
    false,
  ],
  ['an empty text ignores no case', { value: [{ 'equals-ignore-case': '' }] }, { value: '' }, true],
  ['an empty text does not match another', { value: [{ 'equals-ignore-case': '' }] }, { value: 'x' }, false],
  [
    'equals-ignore-case takes no list',
    { name: [{ 'equals-ignore-case': ['a'] }] },
    { name: 'a' },
    'equals-ignore-case match pattern must be a string',
  ],
  [
    'equals-ignore-case takes no operator',
    { name: [{ 'equals-ignore-case': { prefix: 'a' } }] },
    { name: 'a' },
    'equals-ignore-case match pattern must be a string',
  ],
])

const anythingBut = d([
  ['anything but a string', { state: [{ 'anything-but': 'new' }] }, { state: 'done' }, true],
  ['not but that string', { state: [{ 'anything-but': 'new' }] }, { state: 'new' }, false],
  ['anything but strings', { state: [{ 'anything-but': ['new', 'lost'] }] }, { state: 'done' }, true],
  ['not but those strings', { state: [{ 'anything-but': ['new', 'lost'] }] }, { state: 'lost' }, false],
  ['anything but a number', { limit: [{ 'anything-but': 123 }] }, { limit: 456 }, true],
  ['not but that number', { limit: [{ 'anything-but': 123 }] }, { limit: 123 }, false],
  ['anything but zero', { limit: [{ 'anything-but': 0 }] }, { limit: 789 }, true],
  ['anything but numbers', { limit: [{ 'anything-but': [100, 200] }] }, { limit: 300 }, true],
  ['not but those numbers', { limit: [{ 'anything-but': [100, 200] }] }, { limit: 200 }, false],
  ['null is anything but a string', { state: [{ 'anything-but': 'new' }] }, { state: null }, true],
  ['null is anything but strings', { state: [{ 'anything-but': ['new', 'lost'] }] }, { state: null }, true],
  [
    'what is missing is not anything but a string',
    { detail: { state: [{ 'anything-but': 'new' }] } },
    { detail: {} },
    false,
  ],
  [
    'what is missing is not anything but strings',
    { detail: { state: [{ 'anything-but': ['new'] }] } },
    { detail: {} },
    false,
  ],
  ['anything but null is refused', { state: [{ 'anything-but': null }] }, { state: 'a' }, anythingButNotValue],
  [
    'anything but a list with null is refused',
    { state: [{ 'anything-but': ['new', null] }] },
    { state: 'a' },
    'Inside anything but list, start|null|boolean is not supported.',
  ],
])

const anythingButIgnoringCase = d([
  [
    'anything but a text in any case',
    { state: [{ 'anything-but': { 'equals-ignore-case': 'NEW' } }] },
    { state: 'done' },
    true,
  ],
  [
    'not but that text in any case',
    { state: [{ 'anything-but': { 'equals-ignore-case': 'NEW' } }] },
    { state: 'New' },
    false,
  ],
  [
    'anything but texts in any case',
    { state: [{ 'anything-but': { 'equals-ignore-case': ['NEW', 'Lost'] } }] },
    { state: 'done' },
    true,
  ],
  [
    'not but those texts in any case',
    { state: [{ 'anything-but': { 'equals-ignore-case': ['NEW', 'Lost'] } }] },
    { state: 'lost' },
    false,
  ],
  [
    'null is anything but a text in any case',
    { state: [{ 'anything-but': { 'equals-ignore-case': 'NEW' } }] },
    { state: null },
    true,
  ],
  [
    'null is anything but texts in any case',
    { state: [{ 'anything-but': { 'equals-ignore-case': ['NEW'] } }] },
    { state: null },
    true,
  ],
  [
    'what is missing is not anything but a text in any case',
    { detail: { state: [{ 'anything-but': { 'equals-ignore-case': 'NEW' } }] } },
    { detail: {} },
    false,
  ],
  [
    'what is missing is not anything but texts in any case',
    { detail: { state: [{ 'anything-but': { 'equals-ignore-case': ['NEW'] } }] } },
    { detail: {} },
    false,
  ],
  [
    'anything but a number in any case is refused',
    { state: [{ 'anything-but': { 'equals-ignore-case': 123 } }] },
    {},
    ignoreCaseNotString,
  ],
  [
    'anything but numbers in any case is refused',
    { state: [{ 'anything-but': { 'equals-ignore-case': [1, 2] } }] },
    {},
    ignoreCaseNotString,
  ],
])

/** Prefix and suffix under anything-but behave alike, so each fact is stated for both. */
const anythingButAffix = (['prefix', 'suffix'] as const).flatMap((end) => {
  const text = (core: string): string => (end === 'prefix' ? `${core}-rest` : `rest-${core}`)
  return d([
    [`anything but a ${end}`, { name: [{ 'anything-but': { [end]: 'ab' } }] }, { name: text('xy') }, true],
    [`not but that ${end}`, { name: [{ 'anything-but': { [end]: 'ab' } }] }, { name: text('ab') }, false],
    [`anything but ${end}es`, { name: [{ 'anything-but': { [end]: ['ab', 'cd'] } }] }, { name: text('xy') }, true],
    [`not but those ${end}es`, { name: [{ 'anything-but': { [end]: ['ab', 'cd'] } }] }, { name: text('cd') }, false],
    [`a number is anything but a ${end}`, { name: [{ 'anything-but': { [end]: 'ab' } }] }, { name: 12 }, true],
    [`a number is anything but ${end}es`, { name: [{ 'anything-but': { [end]: ['ab', 'cd'] } }] }, { name: 12 }, true],
    [`null is anything but a ${end}`, { name: [{ 'anything-but': { [end]: 'ab' } }] }, { name: null }, true],
    [`null is anything but ${end}es`, { name: [{ 'anything-but': { [end]: ['ab', 'cd'] } }] }, { name: null }, true],
    [
      `what is missing is not anything but a ${end}`,
      { detail: { name: [{ 'anything-but': { [end]: 'ab' } }] } },
      { detail: {} },
      false,
    ],
    [
      `what is missing is not anything but ${end}es`,
      { detail: { name: [{ 'anything-but': { [end]: ['ab'] } }] } },
      { detail: {} },
      false,
    ],
    [
      `anything but an empty ${end} is refused`,
      { name: [{ 'anything-but': { [end]: '' } }] },
      {},
      'Null prefix/suffix not allowed',
    ],
    [
      `anything but a ${end} of a number is refused`,
      { name: [{ 'anything-but': { [end]: 123 } }] },
      {},
      affixNotString,
    ],
    [
      `anything but ${end}es with a number is refused`,
      { name: [{ 'anything-but': { [end]: [123, 'ab'] } }] },
      {},
      affixNotString,
    ],
    [
      `anything but ${end}es with null is refused`,
      { name: [{ 'anything-but': { [end]: [null, 'ab'] } }] },
      {},
      affixNotString,
    ],
    [
      `anything but a ${end} in any case is refused`,
      { name: [{ 'anything-but': { [end]: { 'equals-ignore-case': 'ab' } } }] },
      {},
      anythingButNotValue,
    ],
  ])
})

const anythingButWildcard = d([
  ['anything but a wildcard', { path: [{ 'anything-but': { wildcard: '*/tmp/*' } }] }, { path: 'a/dir/b' }, true],
  ['not but that wildcard', { path: [{ 'anything-but': { wildcard: '*/dir/*' } }] }, { path: 'a/dir/b' }, false],
  [
    'anything but wildcards',
    { path: [{ 'anything-but': { wildcard: ['*/tmp/*', '*/bin/*'] } }] },
    { path: 'a/dir/b' },
    true,
  ],
  [
    'not but those wildcards',
    { path: [{ 'anything-but': { wildcard: ['*/tmp/*', '*/dir/*'] } }] },
    { path: 'a/dir/b' },
    false,
  ],
  ['anything but an empty wildcard', { path: [{ 'anything-but': { wildcard: '' } }] }, { path: 'a/dir/b' }, true],
  ['a number is anything but a wildcard', { path: [{ 'anything-but': { wildcard: '*/dir/*' } }] }, { path: 123 }, true],
  ['null is anything but a wildcard', { path: [{ 'anything-but': { wildcard: '*/dir/*' } }] }, { path: null }, true],
  ['null is anything but wildcards', { path: [{ 'anything-but': { wildcard: ['*/dir/*'] } }] }, { path: null }, true],
  [
    'what is missing is not anything but a wildcard',
    { detail: { path: [{ 'anything-but': { wildcard: '*a*' } }] } },
    { detail: {} },
    false,
  ],
  [
    'what is missing is not anything but wildcards',
    { detail: { path: [{ 'anything-but': { wildcard: ['*a*'] } }] } },
    { detail: {} },
    false,
  ],
  [
    'anything but a wildcard of a number is refused',
    { path: [{ 'anything-but': { wildcard: 123 } }] },
    {},
    wildcardNotString,
  ],
  [
    'anything but wildcards with a number is refused',
    { path: [{ 'anything-but': { wildcard: [123, '*/dir/*'] } }] },
    {},
    wildcardNotString,
  ],
])

const numeric = d([
  [
    'a range, a bound and an equality',
    { n: { a: [{ numeric: ['>', 0, '<=', 5] }], b: [{ numeric: ['<', 10] }], c: [{ numeric: ['=', 301.8] }] } },
    { n: { a: 3, b: 9, c: 3.018e2 } },
    true,
  ],
  [
    'one number out of its range',
    { n: { a: [{ numeric: ['>', 0, '<=', 5] }], b: [{ numeric: ['<', 10] }] } },
    { n: { a: 3, b: 10 } },
    false,
  ],
  ['a bound that is reached counts as at least', { n: [{ numeric: ['>=', 200] }] }, { n: 200 }, true],
  ['a range from and to', { n: [{ numeric: ['>=', 200, '<=', 500] }] }, { n: 500 }, true],
  ['a fraction compares with an integer', { n: [{ numeric: ['>', 100] }] }, { n: 101.5 }, true],
  ['a number in a string is no number', { n: [{ numeric: ['>', 100] }] }, { n: '300' }, false],
  ['null is no number', { n: [{ numeric: ['>', 100] }] }, { n: null }, false],
  ['a range has a lower and an upper end', { n: [{ numeric: ['>', 0, '>', 0] }] }, {}, 'Bad numeric range operator: >'],
  ['a bound needs a number', { n: [{ numeric: ['>', 0, '<'] }] }, {}, 'Value of < must be numeric'],
  ['numeric is written in lower case', { n: [{ NUMERIC: ['=', 5] }] }, {}, 'Unrecognized match type NUMERIC'],
])

const addresses = d([
  ['an address in the block', { ip: [{ cidr: '10.0.0.0/24' }] }, { ip: '10.0.0.255' }, true],
  ['an address outside the block', { ip: [{ cidr: '10.0.0.0/24' }] }, { ip: '10.0.1.0' }, false],
  ['a number is no address', { ip: [{ cidr: '10.0.0.0/24' }] }, { ip: 123 }, false],
  [
    'an IPv6 address in the block, written in full',
    { ip: [{ cidr: '2001:db8:1234:1a00::/64' }] },
    { ip: '2001:0db8:1234:1a00:0000:0000:0000:0001' },
    true,
  ],
  [
    'an IPv6 address outside the block',
    { ip: [{ cidr: '2001:db8:1234:1a00::/64' }] },
    { ip: '2001:db8:1234:1a01::1' },
    false,
  ],
  ['a block needs a mask', { ip: [{ cidr: 'bad-filter' }] }, {}, "Malformed CIDR, one '/' required"],
  ['a mask is an integer', { ip: [{ cidr: '10.0.0.0/xx' }] }, {}, 'Malformed CIDR, mask bits must be an integer'],
  ['a block needs an address', { ip: [{ cidr: 'xx.11.xx/8' }] }, {}, 'Nonstandard IP address: xx.11.xx'],
  ['a block needs an IPv6 address', { ip: [{ cidr: 'xxxx:db8::/64' }] }, {}, 'Nonstandard IP address: xxxx:db8::'],
  ['a block is a string', { ip: [{ cidr: ['10.0.0.0/8'] }] }, {}, 'prefix match pattern must be a string'],
])

const wildcards = d([
  [
    'a wildcard spans anything',
    { file: [{ wildcard: '/home/*/doc.txt' }] },
    { file: '/home/me/dir/dir/doc.txt' },
    true,
  ],
  [
    'what follows a wildcard has to be there',
    { file: [{ wildcard: '/home/*/doc.txt' }] },
    { file: '/home/me/otherdoc.txt' },
    false,
  ],
  [
    'a repeating text after a wildcard',
    { file: [{ wildcard: '/home/*/dir/dir/dir/doc.txt' }] },
    { file: '/home/me/dir/dir/dir/doc.txt' },
    true,
  ],
  [
    'a repeating text that breaks off',
    { file: [{ wildcard: '/home/*/dir/dir/dir/doc.txt' }] },
    { file: '/home/me/dir/dir/other/doc.txt' },
    false,
  ],
  [
    'several wildcards',
    { arn: [{ wildcard: 'arn:aws:events:us-east-1:*:event-bus/*' }] },
    { arn: 'arn:aws:events:us-east-1:1234:event-bus/mine' },
    true,
  ],
  ['an empty wildcard matches no text', { arn: [{ wildcard: '' }] }, { arn: 'arn:aws' }, false],
  [
    'two wildcards in a row are refused',
    { arn: [{ wildcard: 'arn:**:x' }] },
    {},
    'Consecutive wildcard characters at pos 4',
  ],
  ['too many wildcards are refused', { arn: [{ wildcard: '*:*:*:*:*:event-bus/*' }] }, {}, tooComplex],
  ['a wildcard is a string', { arn: [{ wildcard: 123 }] }, {}, wildcardNotString],
  ['a wildcard is not a list', { arn: [{ wildcard: ['arn:*'] }] }, {}, wildcardNotString],
])

const combined = d([
  [
    'one side of $or is enough',
    { n: { $or: [{ a: [{ numeric: ['>', 0, '<=', 5] }] }, { b: [{ numeric: ['<', 10] }] }] } },
    { n: { a: 0, b: 0 } },
    true,
  ],
  [
    'no side of $or holds',
    { n: { $or: [{ a: [{ numeric: ['>', 0, '<=', 5] }] }, { b: [{ numeric: ['<', 10] }] }] } },
    { n: { a: 0, b: 10 } },
    false,
  ],
  [
    'a list may be satisfied by its first item',
    { s: [{ 'anything-but': ['roses'] }, { exists: false }] },
    { s: 'tulips' },
    true,
  ],
  [
    'a list may be satisfied by absence',
    { image: { s: [{ 'anything-but': ['roses'] }, { exists: false }] } },
    { image: { n: '1' } },
    true,
  ],
  [
    'a list may be satisfied by absence of the parent',
    { image: { home: { s: [{ 'anything-but': ['roses'] }, { exists: false }] } } },
    { image: { bought: { n: '1' } } },
    true,
  ],
  [
    'a number in a string is anything but another',
    { n: [{ numeric: ['>', 100] }, { 'anything-but': '101' }] },
    { n: '42' },
    true,
  ],
  [
    'a number in a string is not anything but itself',
    { n: [{ numeric: ['>', 100] }, { 'anything-but': '101' }] },
    { n: '101' },
    false,
  ],
  [
    'the last of two equal names counts',
    JSON.parse('{"place":[{"prefix":"us-"}],"place":[{"anything-but":"us-east"}]}'),
    { place: 'eu-central-1' },
    true,
  ],
  [
    'every operator at once',
    {
      source: [{ exists: true }],
      'detail-type': [{ prefix: 'core.app' }],
      detail: {
        amount: [200],
        pay: [2000, 4000],
        admins: ['first', { prefix: 'hey' }, { prefix: 'ad' }],
        no1: [{ 'anything-but': 200 }],
        no2: [{ 'anything-but': ['three', 'thirty'] }],
        no3: [{ 'anything-but': { prefix: 'four' } }],
        ip: [{ cidr: '10.102.1.0/24' }],
        n: [{ numeric: ['>=', 200, '<', 500] }],
      },
    },
    {
      source: 'lab',
      'detail-type': 'core.app.backend',
      detail: {
        amount: 200,
        pay: 4000,
        admins: 'admin',
        no1: 300,
        no2: 'x',
        no3: 'this four',
        ip: '10.102.1.100',
        n: 200,
      },
    },
    true,
  ],
  [
    'every field has to hold',
    {
      detail: {
        state: [{ 'anything-but': 'new' }],
        a: [{ numeric: ['>', 0, '<=', 5] }],
        x: [{ 'anything-but': [100, 200] }],
      },
    },
    { detail: { state: 'busy', a: 3, x: 200 } },
    false,
  ],
])

const ruler = i([
  ['a boolean does not equal its word', { detail: { done: [true] } }, { detail: { done: 'true' } }, false],
  ['a bound that is reached does not count as more', { n: [{ numeric: ['>', 200] }] }, { n: 200 }, false],
  ['a range up to but not', { n: [{ numeric: ['>=', 200, '<', 500] }] }, { n: 500 }, false],
  [
    'fields of one element have to be found in the same element',
    { a: { b: ['x'], c: ['y'] } },
    {
      a: [
        { b: 'x', c: 'z' },
        { b: 'w', c: 'y' },
      ],
    },
    false,
  ],
  [
    'fields of one element are found in the same element',
    { a: { b: ['x'], c: ['y'] } },
    {
      a: [
        { b: 'x', c: 'y' },
        { b: 'w', c: 'z' },
      ],
    },
    true,
  ],
  ['an escaped star is a star', { mark: [{ wildcard: 'a\\*b' }] }, { mark: 'a*b' }, true],
  ['an escaped star is nothing but a star', { mark: [{ wildcard: 'a\\*b' }] }, { mark: 'axb' }, false],
  ['a wildcard may stand for nothing', { mark: [{ wildcard: 'a*b' }] }, { mark: 'ab' }, true],
  ['the two sides of a wildcard do not overlap', { mark: [{ wildcard: 'aba*ba' }] }, { mark: 'aba' }, false],
  ['$or needs two sides', { $or: [{ a: ['x'] }] }, {}, 'There must have at least 2 Objects in $or relationship.'],
  ['$or is a plain name when its list holds values', { $or: ['x'] }, { $or: 'x' }, true],
  ['an empty object is refused', { detail: {} }, {}, 'Empty objects are not allowed'],
  [
    'an expression has one operator',
    { a: [{ prefix: 'x', suffix: 'y' }] },
    {},
    'Only one key allowed in match expression',
  ],
  ['exists is true or false', { a: [{ exists: 'yes' }] }, {}, 'exists match pattern must be either true or false.'],
  ['a list holds no lists', { a: [['x']] }, {}, 'Match value must be String, number, true, false, or null'],
  ['a range goes upwards', { a: [{ numeric: ['>', 5, '<', 3] }] }, {}, 'Bottom must be less than top'],
])

export const vectors: readonly Vector[] = [
  ...exact,
  ...arrays,
  ...dots,
  ...exists,
  ...prefixes,
  ...ignoreCase,
  ...anythingBut,
  ...anythingButIgnoringCase,
  ...anythingButAffix,
  ...anythingButWildcard,
  ...numeric,
  ...addresses,
  ...wildcards,
  ...combined,
  ...ruler,
]
