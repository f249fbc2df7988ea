import { readFileSync } from 'node:fs';
import packageJson from '../package.json' with { type: 'json' };
import { ourCommand } from '../src/lib/shell-command.ts';
import { UserError, explain, explainOurs } from '../src/lib/user-error.ts';

describe('explain', () => {
  const withFields = (message: string, fields: object) => Object.assign(new Error(message), fields);
  const network = { code: 'ECONNRESET', syscall: 'read' };

  it.each([
    ['a user error', new UserError('Do this.'), 'Do this.'],
    ['the operating system', withFields('read ECONNRESET', network), 'read ECONNRESET'],
    // Node's HTTP client does not name a system call if the peer closes the connection.
    [
      'a server that closes the connection',
      withFields('socket hang up', { code: 'ECONNRESET' }),
      'socket hang up',
    ],
    [
      'the AWS SDK before any call',
      withFields('Could not load credentials', { name: 'CredentialsProviderError' }),
      `Could not load credentials. To find the cause: ${ourCommand('doctor')}`,
    ],
    // The AWS SDK also adds `$metadata` to connection errors.
    [
      'a connection to AWS',
      withFields('read ECONNRESET', { ...network, $metadata: {} }),
      `AWS cannot be reached: read ECONNRESET. To find the cause: ${ourCommand('doctor')}`,
    ],
    // Node tries each address of `localhost`, and throws an AggregateError without a message.
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
  ])('prints one line for %s', (_, error, line) => {
    expect(explain(error)).toBe(line);
    expect(explainOurs(error)).toBe(line);
  });

  it('shows the stack trace of any other error, which is a bug of the program', () => {
    expect(explain(new TypeError('x is undefined'))).toMatch(/^TypeError: x is undefined\n\s+at /);
    // Node's own errors have a code too.
    expect(explain(withFields('bad argument', { code: 'ERR_INVALID_ARG_TYPE' }))).toMatch(/\n\s+at /);
  });

  it('in a program of this package says that it is our bug, and where to report it: in a file that the package contains', () => {
    const shown = explainOurs(new TypeError('x is undefined'));
    expect(shown).toMatch(/^This is a bug of aws-health-workflows\. Please report it .*CONTRIBUTING\.md/);
    expect(shown).toMatch(/TypeError: x is undefined\n\s+at /);
    expect(packageJson.files).toContain('CONTRIBUTING.md');
    expect(readFileSync('CONTRIBUTING.md', 'utf8')).toContain('\n## Reporting a bug\n');
  });
});
