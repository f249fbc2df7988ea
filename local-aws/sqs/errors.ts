import { ServiceError } from '../errors.ts';

/**
 * The codes of the errors that the model of SQS does not list, by the name that they have in JSON. Clients of SQS's older query
 * protocol know errors by these codes, and boto3 shows them too.
 */
export const UNMODELLED_CODES: Readonly<Record<string, string>> = {
  InvalidParameterValueException: 'InvalidParameterValue',
  MissingRequiredParameterException: 'MissingParameter',
};

export const invalidValue = (reason: string) => new ServiceError('InvalidParameterValueException', reason);

export const missing = (parameter: string) =>
  new ServiceError(
    'MissingRequiredParameterException',
    `The request must contain the parameter ${parameter}.`,
  );

export const noSuchQueue = () => new ServiceError('QueueDoesNotExist', 'The specified queue does not exist.');

/**
 * A number of a request, or its default.
 *
 * @throws ServiceError if it is not a whole number in the range
 */
export function numberIn(
  name: string,
  value: number | undefined,
  range: { readonly from: number; readonly to: number; readonly standard: number },
): number {
  const { from, to, standard } = range;
  if (value === undefined) return standard;
  if (Number.isInteger(value) && value >= from && value <= to) return value;
  throw invalidValue(
    `Value ${value} for parameter ${name} is invalid. Reason: Must be between ${from} and ${to}, if provided.`,
  );
}
