/**
 * The failure converter of workers whose payloads are encrypted.
 *
 * @module aws-health-workflows/failure-converter
 */
import { DefaultFailureConverter } from '@temporalio/common';

/**
 * Puts the message and the stack trace of a failure, and those of its causes, into a payload, so that the codec encrypts them. A worker
 * that bundles its workflows itself needs the path of this module as `dataConverter.failureConverterPath`.
 */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
