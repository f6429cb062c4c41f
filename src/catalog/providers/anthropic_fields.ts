import type { FieldRule, FieldRules } from '../fields.ts';
import { mcpServers } from './anthropic_hosted_tools.ts';
import { containers, messageTree, toolTree } from './anthropic_trees.ts';

/** Request fields of Anthropic's endpoints, as the types of its SDK have them, beta included (`@anthropic-ai/sdk` 0.137 and 1.12). */

const allow: FieldRule = { kind: 'allow' };
const tree: FieldRule = { kind: 'tree', tree: messageTree };
const refuse = (advice: string): FieldRule => ({ kind: 'refuse', advice });

const stored = refuse(
  'Nothing is stored with the provider through the broker. Send the whole conversation as messages.',
);
const billing = refuse('Which account and price a call gets is not up to the app. Leave it out.');
const beta = refuse('Features in beta are not lent. Leave it out.');

const common: FieldRules = {
  model: { kind: 'model' },
  messages: tree,
  system: tree,
  tools: { kind: 'tree', tree: toolTree },
  tool_choice: tree,
  thinking: tree,
  output_config: tree,
  cache_control: tree,
  output_format: refuse('Use output_config.format in its place.'),
  speed: { kind: 'limit', to: ['standard'], advice: 'Only the speed "standard" is lent. Leave it out.' },
  user_profile_id: billing,
  workspace_id: billing,
  billing_policy: billing,
  mcp_servers: mcpServers,
  context_management: beta,
  compaction: beta,
  betas: beta,
};

export const countFields: FieldRules = common;

export const messageFields: FieldRules = {
  ...common,
  max_tokens: allow,
  stop_sequences: allow,
  temperature: allow,
  top_k: allow,
  top_p: allow,
  stream: { kind: 'limit', to: [true, false], advice: 'stream must be true or false.' },
  // One pseudonym a grant: users and apps stay unknown.
  metadata: { kind: 'object', always: true, fields: { user_id: { kind: 'pseudonym', when: 'always' } } },
  // The other tier is capacity that the account has paid for ahead.
  service_tier: { kind: 'force', value: 'standard_only' },
  inference_geo: billing,
  fallback_credit_token: billing,
  fallbacks: refuse('Falling back to another model is not lent. Call it yourself.'),
  container: refuse(containers),
  diagnostics: stored,
  thread: stored,
};
