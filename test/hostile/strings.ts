const codes = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => String.fromCharCode(from + i));

/**
 * What a name, a file or a warning may do to whatever shows it: a terminal, a page, a report, a file of any format. Each
 * writer's test uses all of them.
 */
export const HOSTILE_STRINGS = [
  ...codes(0, 0x20),
  ...codes(0x7f, 0xa0),
  ...['"', "'", '`', '\\', '\\"', '&lt;', '&#60;', '%00', '$' + '{alert(1)}', '{{7*7}}'],
  ...['</script><script>window.pwned = 1</script>', '<!--<script>', ']]>', '-->'],
  ...[
    '<img src=x onerror="window.pwned = 1">',
    '"><svg onload=window.pwned=1>',
    'javascript:alert(1)',
  ],
  ...['\u2028', '\u2029', '\u202e gpj.exe', '\ufeff', '\ufffe', '\uffff', '𝄞', 'a;b;c 12\nd 3'],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length', '', ' '],
  ...[
    '\u001b[2J\u001b]0;title\u0007',
    '\r\nSet-Cookie: a=b',
    '../../etc/passwd',
    'file:///etc/passwd',
  ],
  // Of Markdown.
  ...[
    '[a](javascript:alert(1))',
    '![a](https://example.com/a.png)',
    '# a',
    '- a',
    '1. a',
    '+ a',
    '===',
    '```js',
  ],
  ...[
    '``a`',
    '`',
    '| a | b |',
    '<details>',
    '@everyone',
    'https://example.com/',
    'www.example.com',
  ],
  ...['&copy;', '*a*', '__a__', '~~a~~', '$a$', 'a<br>b', '\\*a\\*', '#1', '<!-- a', 'Vec<*T>'],
  // Of spreadsheets.
  ...['=1+1', '-2+3', '@SUM(A1)', '+a', '\ta'],
  ...['\u200b', '\u2066a\u2069', '\u009b31m', '\u0085', '\u061c'],
  'x'.repeat(1 << 20),
  '\u0000"\\'.repeat(1 << 18),
];

/** Lone surrogates can be in JavaScript's strings, not in a module's names. */
export const LONE_SURROGATES = ['\ud800', '\udfff tail', 'head \udbff', '\udc00\ud800'];
