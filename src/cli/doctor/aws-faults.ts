/** What AWS's errors mean for `doctor`, and what to do about each. */
import { recordOf } from '../../lib/guards.ts';
import { Fault, reasonOf } from './examination.ts';

/** The name of the check that every call to AWS needs. */
export const CREDENTIALS = 'AWS credentials';
export const CREDENTIALS_FIX = 'aws configure, aws sso login, or set AWS_PROFILE';

/** The service that was asked. */
export interface Asked {
  /** For a person, such as `HealthLake`. */
  readonly service: string;
  readonly endpoint: string;
  /** The action in IAM that the call needs. */
  readonly action: string;
  /** What to do about errors that this call alone has, by the name that AWS gives them. */
  readonly remedies?: Readonly<Record<string, string>>;
}

/** What answers is not the service that was asked. */
export class ForeignAnswer extends Error {}

/** The operating system's words for a server that does not answer, and the SDK's. */
const UNREACHABLE = /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|TimeoutError)$/;

/**
 * What AWS answers to credentials that it does not know, that have expired or whose secret is wrong: "Common Errors" of
 * the API references of IAM and HealthLake, "Error responses" of that of S3.
 */
const REFUSED_CREDENTIALS =
  /^(UnrecognizedClient|InvalidClientTokenId|InvalidAccessKeyId|InvalidSignature|SignatureDoesNotMatch|ExpiredToken|InvalidToken|IncompleteSignature|MissingAuthenticationToken)(Exception)?$/;

export function awsFault(error: unknown, { service, endpoint, action, remedies = {} }: Asked): Fault {
  const { name, code } = recordOf(error);
  const reason = reasonOf(error);
  if (UNREACHABLE.test(String(code)) || UNREACHABLE.test(String(name))) {
    const fix = endpoint.endsWith('.amazonaws.com')
      ? `set AWS_REGION to one that has ${service}, or look at this machine's network and proxy`
      : 'start what is to answer there (npm run dev has a local AWS), or unset AWS_ENDPOINT_URL…';
    return new Fault(`nobody answers at ${endpoint} (${String(code ?? name)})`, fix, endpoint);
  }
  if (isForeign(error)) {
    const fix = `set AWS_ENDPOINT_URL… to where ${service} is, or unset it`;
    return new Fault(`what answers at ${endpoint} is not ${service}`, fix);
  }
  if (REFUSED_CREDENTIALS.test(String(name))) return new Fault(reason, CREDENTIALS_FIX, CREDENTIALS);
  if (/^AccessDenied(Exception)?$/.test(String(name)))
    return new Fault(reason, `allow ${action} to these credentials`);
  return new Fault(
    reason,
    remedies[String(name)] ?? 'try again; if it stays: https://health.aws.amazon.com/health/status',
  );
}

/** The SDK's advice for an answer that it cannot read ("inspect the hidden field") is for programmers. */
function isForeign(error: unknown): boolean {
  if (error instanceof ForeignAnswer) return true;
  const { name, message } = recordOf(error);
  // An error that AWS has sent has a name of its own; the SDK gives these where there is none.
  return String(message).includes('Deserialization error:') || /^Unknown(Error)?$/.test(String(name));
}
