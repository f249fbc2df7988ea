/** The configuration of the OHIF viewer for the local AWS (https://docs.ohif.org/configuration). */

export interface ViewedStore {
  readonly datastoreId: string;
  readonly name: string;
}

/**
 * The content of `app-config.js`: a data source for each data store, the first one being the default.
 *
 * @param awsUrl - the URL of the local AWS
 */
export function viewerConfiguration(awsUrl: string, stores: readonly ViewedStore[]): string {
  const configuration = {
    routerBasename: '/',
    extensions: [],
    modes: [],
    // Without this the viewer starts with a tour of its tools.
    customizationService: [{ 'ohif.tours': { $set: [] } }],
    showStudyList: true,
    showWarningMessageForCrossOrigin: false,
    showCPUFallbackMessage: false,
    investigationalUseDialog: { option: 'never' },
    defaultDataSourceName: stores[0]?.datastoreId ?? '',
    dataSources: stores.map((store) => dataSource(awsUrl, store)),
  };
  return `window.config = ${JSON.stringify(configuration, undefined, 2)};\n`;
}

function dataSource(awsUrl: string, { datastoreId, name }: ViewedStore) {
  const root = `${awsUrl}/datastore/${datastoreId}`;
  return {
    namespace: '@ohif/extension-default.dataSourcesModule.dicomweb',
    sourceName: datastoreId,
    configuration: {
      friendlyName: name,
      name: datastoreId,
      qidoRoot: root,
      wadoRoot: root,
      wadoUriRoot: root,
      qidoSupportsIncludeField: true,
      imageRendering: 'wadors',
      thumbnailRendering: 'wadors',
      enableStudyLazyLoad: true,
      supportsFuzzyMatching: true,
      supportsWildcard: true,
      dicomUploadEnabled: false,
      // With quotation marks in the Accept header, the browser would send a CORS preflight before each request.
      omitQuotationForMultipartRequest: true,
      singlepart: 'bulkdata',
      bulkDataURI: { enabled: true },
    },
  };
}
