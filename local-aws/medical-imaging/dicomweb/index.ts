import { ServiceError } from '../../errors.ts';
import type { HttpReply, Protocol, Service } from '../../protocols/http.ts';
import type { World } from '../../world.ts';
import { requireActive } from '../datastore.ts';
import { dicomWebProtocol, type DicomWebOperation, type DicomWebRequest } from './protocol.ts';
import { retrieveHandlers } from './retrieve.ts';
import { searchHandlers } from './search.ts';

/** The DICOMweb API of AWS HealthImaging: searches (QIDO-RS) and retrievals (WADO-RS). */
export function dicomWeb(world: World, errors: Protocol): Service {
  const handlers = {
    ...searchHandlers(world),
    ...retrieveHandlers(world),
    StoreDICOM: refuseToStore,
    StoreDICOMStudy: refuseToStore,
    PreflightDICOMweb: () => Promise.resolve(preflight),
  } satisfies Record<DicomWebOperation, (request: DicomWebRequest) => Promise<HttpReply>>;
  return {
    name: 'medical-imaging',
    protocol: dicomWebProtocol(errors),
    resume: () => {},
    run(operation, input) {
      const request = input as DicomWebRequest;
      if (operation !== 'PreflightDICOMweb') requireActive(world, request.datastoreId);
      return handlers[operation as DicomWebOperation](request);
    },
  };
}

const refuseToStore = (): Promise<HttpReply> => {
  throw new ServiceError(
    'NotImplemented',
    'The local AWS does not store over DICOMweb (STOW-RS). Put the file into a bucket and call StartDICOMImportJob.',
  );
};

/** Lets a page of any origin send any header. `*` does not cover Authorization, which contains the signature. */
const preflight: HttpReply = {
  status: 204,
  headers: {
    'access-control-allow-methods': 'GET',
    'access-control-allow-headers': '*, authorization',
    'access-control-max-age': '86400',
  },
};
