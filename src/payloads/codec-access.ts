import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import { isLoopback } from '../lib/loopback.ts';
import { UserError } from '../lib/user-error.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Who makes a request to the codec server, for its log; undefined if the caller may not use it. */
export type Access = (headers: IncomingHttpHeaders) => Promise<string | undefined>;

/** Public keys only: with a shared secret, whoever verifies tokens could make them too. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];

/**
 * Who may use the codec server: with `CODEC_SERVER_TOKEN` whoever knows this text; with `CODEC_JWKS_URL` and `CODEC_JWT_AUDIENCE` who
 * signs in at the Web UI, whose access token the browser sends; otherwise everybody on this machine.
 *
 * @param host - the address at which the server listens
 * @throws UserError for settings that do not fit together, and without any of them for a host that others can reach
 */
export function readAccess(env: Environment, host: string): Access {
  const token = env['CODEC_SERVER_TOKEN'];
  const jwks = env['CODEC_JWKS_URL'];
  const audience = env['CODEC_JWT_AUDIENCE'];
  if (token && jwks) throw new UserError('Set CODEC_SERVER_TOKEN or CODEC_JWKS_URL, not both.');
  if (Boolean(jwks) !== Boolean(audience)) {
    throw new UserError('CODEC_JWKS_URL and CODEC_JWT_AUDIENCE are needed together.');
  }
  if (jwks && audience) return bySignIn(jwks, audience);
  if (token) return byToken(token);
  if (!isLoopback(host.includes(':') ? `[${host}]` : host)) {
    throw new UserError(
      `The codec server decrypts for everybody who can reach ${host}. Set CODEC_SERVER_TOKEN, or CODEC_JWKS_URL and CODEC_JWT_AUDIENCE.`,
    );
  }
  // A page whose host name was made to resolve to this machine (DNS rebinding) sends that name.
  return async ({ host = '' }) =>
    URL.canParse(`http://${host}`) && isLoopback(host) ? 'this machine' : undefined;
}

function byToken(token: string): Access {
  if (token.length < 16) throw new UserError('CODEC_SERVER_TOKEN must have at least 16 characters.');
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return async ({ authorization }) =>
    timingSafeEqual(digest(tokenIn(authorization)), digest(token)) ? 'shared token' : undefined;
}

function bySignIn(url: string, audience: string): Access {
  if (!/^https?:\/\/[^/]/.test(url)) {
    throw new UserError('CODEC_JWKS_URL must begin with https:// or http://.');
  }
  const keys = createRemoteJWKSet(new URL(url));
  const options = { audience, algorithms: ALGORITHMS, requiredClaims: ['sub', 'exp'] };
  return async ({ authorization }) => {
    try {
      const { payload } = await jwtVerify(tokenIn(authorization), keys, options);
      return payload.sub;
    } catch (error) {
      if (error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout)) return undefined;
      throw error;
    }
  };
}

const tokenIn = (authorization = '') => authorization.replace(/^Bearer /i, '');
