/** Makes a fault of an error from AWS: what is wrong, and what to do. */
import { ourCommand } from '../../lib/shell-command.ts';
import { recordOf } from '../../lib/guards.ts';
import { Fault, reasonOf } from './examination.ts';

/** The name of the check that every call to AWS needs. */
export const CREDENTIALS = 'AWS credentials';
export const CREDENTIALS_FIX =
  'aws configure, aws sso login, or set AWS_PROFILE; for the local AWS, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to any text';

/** A call to a service. */
export interface Asked {
  /** For a person, such as `HealthLake`. */
  readonly service: string;
  readonly endpoint: string;
  /** The IAM action that the call needs. */
  readonly action: string;
  /** What to do about errors that are specific to this call, by the error's name. */
  readonly remedies?: Readonly<Record<string, string>>;
}

/** The answer does not come from the service that was called, but for example from a proxy. */
export class ForeignAnswer extends Error {}

/** Error codes of the operating system, and the error name of the SDK, for a server that does not answer. */
const UNREACHABLE = /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|TimeoutError)$/;

/**
 * The errors for credentials that are unknown, have expired or have a wrong secret. Sources: "Common Errors" in the API
 * references of IAM and HealthLake, "Error responses" in that of S3.
 */
const REFUSED_CREDENTIALS =
  /^(UnrecognizedClient|InvalidClientTokenId|InvalidAccessKeyId|InvalidSignature|SignatureDoesNotMatch|ExpiredToken|InvalidToken|IncompleteSignature|MissingAuthenticationToken)(Exception)?$/;

export function awsFault(error: unknown, { service, endpoint, action, remedies = {} }: Asked): Fault {
  const { name, code } = recordOf(error);
  const reason = reasonOf(error);
  if (UNREACHABLE.test(String(code)) || UNREACHABLE.test(String(name))) {
    const fix = endpoint.endsWith('.amazonaws.com')
      ? `set AWS_REGION to a region that has ${service}, or check this machine's network and proxy`
      : `start the server of this endpoint (${ourCommand('local-aws')} starts a local AWS), or unset AWS_ENDPOINT_URL…`;
    return new Fault(`no server answers at ${endpoint} (${String(code ?? name)})`, fix, endpoint);
  }
  if (isForeign(error)) {
    const fix = `set AWS_ENDPOINT_URL… to the endpoint of ${service}, or unset it`;
    return new Fault(`the server at ${endpoint} is not ${service}`, fix);
  }
  if (REFUSED_CREDENTIALS.test(String(name))) return new Fault(reason, CREDENTIALS_FIX, CREDENTIALS);
  if (/^AccessDenied(Exception)?$/.test(String(name)))
    return new Fault(reason, `allow these credentials the action ${action}`);
  return new Fault(
    reason,
    remedies[String(name)] ??
      'run doctor again; if the error stays, see https://health.aws.amazon.com/health/status',
  );
}

/** Recognizes an answer that the SDK cannot parse. Its own message ("inspect the hidden field") does not help a user. */
function isForeign(error: unknown): boolean {
  if (error instanceof ForeignAnswer) return true;
  const { name, message } = recordOf(error);
  // The SDK uses these names if the answer does not name an error, which every error from AWS does.
  return String(message).includes('Deserialization error:') || /^Unknown(Error)?$/.test(String(name));
}
