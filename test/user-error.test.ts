import { UserError, explain } from '../src/lib/user-error.ts';

describe('explain', () => {
  const withFields = (message: string, fields: object) => Object.assign(new Error(message), fields);
  const network = { code: 'ECONNRESET', syscall: 'read' };

  it.each([
    ['a mistake of the user’s', new UserError('Do this.'), 'Do this.'],
    ['the operating system', withFields('read ECONNRESET', network), 'read ECONNRESET'],
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
  });

  it('shows the stack trace of anything else, as a bug of ours, with where to report it', () => {
    const shown = explain(new TypeError('x is undefined'));
    expect(shown).toMatch(/^This is a bug of aws-health-workflows\. Please report it .*CONTRIBUTING\.md/);
    expect(shown).toMatch(/TypeError: x is undefined\n\s+at /);
  });
});
