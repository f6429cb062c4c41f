import { privateParts } from '../private_parts.ts';

/** What answers say of the account, whichever provider they are from, and what in them the model and the app have written. */
export const commonPrivateParts = privateParts({
  account: [
    ...['organization', 'organization_id', 'organization_name', 'org_id', 'project', 'project_id'],
    ...['workspace_id', 'team_id', 'account_id', 'user_id', 'user_email', 'api_key', 'api_key_id'],
  ],
  freeForm: [
    ...['input', 'args', 'arguments', 'env', 'metadata', 'attributes'],
    ...['tools', 'parameters', 'schema', 'logprobs'],
  ],
  ends: ['response', 'status_details'],
});
