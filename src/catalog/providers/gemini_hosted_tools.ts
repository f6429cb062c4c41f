import type { FieldRule, FieldRules } from '../fields.ts';
import type { HostedTool } from '../hosted_tool.ts';

/** Gemini's tools that run at the provider. Nothing bounds how often the model uses them in one call. */

const allow: FieldRule = { kind: 'allow' };
const object = (fields: FieldRules): FieldRule => ({ kind: 'object', fields });
const refuse = (advice: string): FieldRule => ({ kind: 'refuse', advice });

const tool = (scope: string, hosted: HostedTool, rule: FieldRule): FieldRule => ({
  kind: 'scoped',
  scope: `gemini:tools.${scope}`,
  rule,
  hosted,
});

/** By the dearest models, which count a whole call as one search. */
const searches: HostedTool = {
  unit: 'web_searches',
  most: null,
  fee: { nanoUsd: 35_000_000, per: 'use' },
  isSilent: true,
  isReadLater: true,
};
const search = (fields: FieldRules): FieldRule => tool('web', searches, object(fields));

/** The usage does not tell. */
const maps: HostedTool = {
  unit: 'map_searches',
  most: null,
  fee: { nanoUsd: 25_000_000, per: 'call' },
};

export const hostedTools: FieldRules = {
  googleSearch: search({
    searchTypes: allow,
    timeRangeFilter: allow,
    excludeDomains: allow,
    blockingConfidence: allow,
  }),
  googleSearchRetrieval: search({ dynamicRetrievalConfig: allow }),
  enterpriseWebSearch: search({ excludeDomains: allow, blockingConfidence: allow }),
  googleMaps: tool(
    'web',
    maps,
    object({
      enableWidget: allow,
      groundingTypes: allow,
      authConfig: refuse("The account's other credentials are not lent. Leave it out."),
    }),
  ),
  urlContext: tool('web', { unit: 'web_fetches', most: null }, object({})),
  exaAiSearch: search({ apiKey: allow, customConfigs: allow }),
  parallelAiSearch: search({
    apiKey: allow,
    customConfigs: allow,
    enableDataRetention: allow,
    enableZeroDataRetention: allow,
  }),
  codeExecution: tool('code', { unit: 'code_runs', most: null }, object({})),
  mcpServers: tool(
    'mcp',
    { unit: 'server_calls', most: null },
    {
      kind: 'list',
      fields: {
        name: allow,
        streamableHttpTransport: object({
          url: allow,
          headers: allow,
          timeout: allow,
          sseReadTimeout: allow,
          terminateOnClose: allow,
        }),
      },
    },
  ),
};

/** Where a search is to look: of no use without one. */
export const retrievalConfig: FieldRule = {
  kind: 'scoped',
  scope: 'gemini:tools.web',
  rule: object({ latLng: allow, languageCode: allow }),
};
