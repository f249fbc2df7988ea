import type { HttpReply } from '../../protocols/http.ts';

/** A reply in FHIR's JSON. A text is sent as it is, so that the decimals of a resource keep their digits. */
export const json = (status: number, resource: object | string): HttpReply => ({
  status,
  headers: { 'content-type': 'application/fhir+json' },
  body: typeof resource === 'string' ? resource : JSON.stringify(resource),
});

/** Codes of R4's value set `issue-type`. */
type IssueCode = 'invalid' | 'not-found' | 'not-supported' | 'transient';

/** An error, as FHIR reports it. */
export const outcome = (status: number, code: IssueCode, diagnostics: string): HttpReply =>
  json(status, { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code, diagnostics }] });
