import { OptionDefaults } from 'typedoc';

/** @type {Partial<import('typedoc').TypeDocOptions>} */
export default {
  name: 'aws-health-workflows',
  tsconfig: '../tsconfig.build.json',
  entryPoints: [
    '../src/client.ts',
    '../src/activities/index.ts',
    '../local-aws/index.ts',
    '../src/worker/worker-options.ts',
    '../src/workflows/kit.ts',
    '../src/workflows/index.ts',
  ],
  out: '../.local/api',
  readme: 'none',
  excludeExternals: true,
  excludePrivate: true,
  // The settings of the local AWS say where their default values come from.
  blockTags: [...OptionDefaults.blockTags, '@basis'],
  // The tables from which these types take their names are not part of the API.
  intentionallyNotExported: [
    'DEFAULT_PACING',
    'ENTITY_KINDS',
    'FLOW_RULES',
    'S3_OPERATIONS',
    'dicomWebOperations',
    'fleetActivities',
    'handlersOf',
    'messageHandlers',
    'queueHandlers',
  ],
  treatWarningsAsErrors: true,
  treatValidationWarningsAsErrors: true,
};
