import { readFileSync } from 'node:fs';
import packageJson from '../package.json' with { type: 'json' };
import { UserError, explain, explainOurs } from '../src/lib/user-error.ts';

describe('explain', () => {
  const withFields = (message: string, fields: object) => Object.assign(new Error(message), fields);
  const network = { code: 'ECONNRESET', syscall: 'read' };

  it.each([
    ['a mistake of the user’s', new UserError('Do this.'), 'Do this.'],
    ['the operating system', withFields('read ECONNRESET', network), 'read ECONNRESET'],
    // Node's HTTP client names no system call where the other side hangs up.
    ['a server that hangs up', withFields('socket hang up', { code: 'ECONNRESET' }), 'socket hang up'],
    [
      'the AWS SDK before any call',
      withFields('Could not load credentials', { name: 'CredentialsProviderError' }),
      'Could not load credentials',
    ],
    // The AWS SDK adds `$metadata` to errors of the connection too.
    ['a connection to AWS', withFields('read ECONNRESET', { ...network, $metadata: {} }), 'read ECONNRESET'],
    // Node tries each address of `localhost`, and gives an AggregateError without a message.
    ['several addresses', withFields('', { name: 'AggregateError', code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    [
      'AWS',
      withFields('not allowed', { name: 'AccessDeniedException', $metadata: {} }),
      'AWS answers AccessDeniedException: not allowed',
    ],
    [
      'Temporal, as the cause of the SDK’s error',
      new Error('Failed', { cause: withFields('14 UNAVAILABLE: gone', { code: 14, details: 'gone' }) }),
      'Temporal answers: gone',
    ],
  ])('has one line for what comes from %s', (_, error, line) => {
    expect(explain(error)).toBe(line);
    expect(explainOurs(error)).toBe(line);
  });

  it('shows the stack trace of anything else, which is a bug of whoever wrote the program', () => {
    expect(explain(new TypeError('x is undefined'))).toMatch(/^TypeError: x is undefined\n\s+at /);
    // An error of Node's own has a code as well.
    expect(explain(withFields('bad argument', { code: 'ERR_INVALID_ARG_TYPE' }))).toMatch(/\n\s+at /);
  });

  it('of a program of ours it is a bug of ours, with where to report it: in a file that is in the package', () => {
    const shown = explainOurs(new TypeError('x is undefined'));
    expect(shown).toMatch(/^This is a bug of aws-health-workflows\. Please report it .*CONTRIBUTING\.md/);
    expect(shown).toMatch(/TypeError: x is undefined\n\s+at /);
    expect(packageJson.files).toContain('CONTRIBUTING.md');
    expect(readFileSync('CONTRIBUTING.md', 'utf8')).toContain('\n## Reporting a bug\n');
  });
});
