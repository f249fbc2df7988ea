import { jsonrepair } from 'jsonrepair';
import { isRecord, recordOf } from '../lib/guards.ts';

/** A file, or a line of an ndjson file, that was not imported. Names and messages often hold patient data. */
export interface FailedFile {
  file: string;
  /** HealthLake: the line in the ndjson file. */
  line?: number;
  reason: string;
  message: string;
}

/** A file, or a line of an ndjson file, that was imported with a warning. */
export interface WarnedFile {
  file: string;
  /** HealthLake: the line in the ndjson file. */
  line?: number;
  /** The service's name for the warning, such as `FramesExtractionFailure`. */
  type: string;
  /** HealthImaging: the warning reason code. */
  code?: number;
  message: string;
  /** HealthImaging: the image set that holds the instance. */
  imageSetId?: string;
}

/** The entries of the two reports of an import. */
export interface ReportEntry {
  failures: FailedFile;
  warnings: WarnedFile;
}

export type ReportKind = keyof ReportEntry;

/** The services whose imports write reports to S3. */
export type ImportingService = 'medical-imaging' | 'healthlake';

/** The differences between the reports of the two services. */
interface ReportFormat {
  /** The folders within the job's own folder. */
  readonly folders: Readonly<Record<ReportKind, string>>;
  /** The file in each folder, if its name is known: then the role needs no permission to list objects. */
  readonly files?: Readonly<Record<ReportKind, string>>;
  /** The entries of a line. A line of HealthImaging may hold several warnings. */
  readonly entries: {
    readonly [Kind in ReportKind]: (line: Record<string, unknown>, file: string) => ReportEntry[Kind][];
  };
}

/**
 * The reports that an import writes besides its manifest, with one JSON object in each line.
 *
 * HealthImaging: developer guide, "Understanding import jobs". HealthLake: developer guide, "Importing FHIR data" and
 * "Troubleshooting"; there is one file for each input file, of the same name.
 */
export const REPORTS: Readonly<Record<ImportingService, ReportFormat>> = {
  'medical-imaging': {
    folders: { failures: 'FAILURE/', warnings: 'WARNING/' },
    files: { failures: 'failure.ndjson', warnings: 'warning.ndjson' },
    entries: {
      failures: ({ inputFile, exception }, file) => {
        const { exceptionType, message } = recordOf(exception);
        const reason = text(exceptionType, 'Unknown');
        return [{ file: text(inputFile, file), reason, message: text(message, '') }];
      },
      warnings: ({ inputFile, importResponse }, file) => {
        const { imageSetId, warnings } = recordOf(importResponse);
        return recordsOf(warnings).map(({ type, warning_reason_code: code, message }) => ({
          file: text(inputFile, file),
          type: text(type, typeof code === 'number' ? String(code) : 'Unknown'),
          ...(typeof code === 'number' && { code }),
          message: text(message, ''),
          ...(typeof imageSetId === 'string' && { imageSetId }),
        }));
      },
    },
  },
  healthlake: {
    folders: { failures: 'FAILURE/', warnings: 'SUCCESS_WITH_SEARCH_VALIDATION_FAILURES/' },
    entries: {
      failures: (line, file) => {
        const { issue, status } = resultIn(line);
        return [{ file, ...lineNumber(line), reason: text(issue['code'], status), message: wordsOf(issue) }];
      },
      warnings: (line, file) => {
        const { issue } = resultIn(line);
        return [{ file, ...lineNumber(line), type: 'SearchValidationFailure', message: wordsOf(issue) }];
      },
    },
  },
};

/**
 * Parses a line of a report. The sample in HealthLake's guide lacks quotation marks and a bracket, so a line that is not valid
 * JSON is repaired if possible. A line that cannot be repaired has no members, but it is counted.
 */
export function parseReportLine(line: string): Record<string, unknown> {
  try {
    return recordOf(JSON.parse(line));
  } catch {
    try {
      return recordOf(JSON.parse(jsonrepair(line)));
    } catch {
      return {};
    }
  }
}

/** The warning reason codes after which pixel data cannot be read as it should. */
const LOSSES = {
  TRANSCODINGEXCEPTION: 45312,
  FRAMESEXTRACTIONFAILURE: 45328,
  FRAMENUMBERMISMATCH: 45329,
  UNSUPPORTEDTRANSFERSYNTAX: 45344,
};

/**
 * Whether a warning is about data that are lost or cannot be read. (HealthImaging developer guide, "Warning codes".)
 *
 * A warning without a code is classified by its type, which the guide spells in two ways (`InvalidOffsetTable`,
 * `INVALID_OFFSET_TABLE`).
 */
export function tellsOfLoss({ type, code }: Pick<WarnedFile, 'type' | 'code'>): boolean {
  if (code !== undefined) return Object.values(LOSSES).includes(code);
  return Object.hasOwn(LOSSES, type.replaceAll('_', '').toUpperCase());
}

/** The severities of FHIR's OperationOutcome, the worst first. (FHIR R4, value set issue-severity.) */
const SEVERITIES = ['fatal', 'error', 'warning', 'information'];

/** HealthLake's result for one resource. The most severe issue is the reason why the resource was not imported. */
function resultIn({ UpdateResourceResponse }: Record<string, unknown>) {
  const { statusCode, jsonBlob } = recordOf(UpdateResourceResponse);
  const rank = ({ severity }: Record<string, unknown>) => {
    const found = SEVERITIES.indexOf(text(severity, ''));
    return found < 0 ? SEVERITIES.length : found;
  };
  const [issue = {}] = recordsOf(recordOf(jsonBlob)['issue']).toSorted((a, b) => rank(a) - rank(b));
  return { issue, status: typeof statusCode === 'number' ? `HTTP ${statusCode}` : 'Unknown' };
}

const lineNumber = ({ lineId }: Record<string, unknown>) =>
  typeof lineId === 'number' ? { line: lineId } : {};

const wordsOf = ({ diagnostics, details }: Record<string, unknown>) =>
  text(diagnostics, text(recordOf(details)['text'], ''));

const recordsOf = (value: unknown) => (Array.isArray(value) ? value.filter(isRecord) : []);

const text = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);
