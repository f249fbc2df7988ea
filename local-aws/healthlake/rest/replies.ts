import type { HttpReply } from '../../protocols/http.ts';

/** A reply in FHIR's JSON. A text is sent unchanged, so that the decimals of a resource keep their digits: 1.250 stays 1.250. */
export const json = (status: number, resource: object | string): HttpReply => ({
  status,
  headers: { 'content-type': 'application/fhir+json' },
  body: typeof resource === 'string' ? resource : JSON.stringify(resource),
});

/** Codes of R4's value set `issue-type`. */
type IssueCode = 'invalid' | 'not-found' | 'not-supported' | 'transient';

/** An error, which FHIR reports as an OperationOutcome. */
export const outcome = (status: number, code: IssueCode, diagnostics: string): HttpReply =>
  json(status, { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code, diagnostics }] });
