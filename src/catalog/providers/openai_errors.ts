import { at } from '../../lib/json.ts';
import type { ErrorRules } from '../failure.ts';
import { keyIsBad, lacksPermission, outOfQuota, rateLimited } from './failure_meanings.ts';
import { commonPrivateParts } from './private_parts.ts';

export const errors: ErrorRules = {
  failures: [
    { status: 401, message: /missing scopes|insufficient permissions/i, means: lacksPermission },
    { status: 401, code: /^(missing_scope|mismatched_|ip_not_authorized)/, means: lacksPermission },
    { status: 401, means: keyIsBad },
    { status: 402, means: outOfQuota },
    { status: 403, means: lacksPermission },
    { status: 429, code: /^(insufficient_quota|billing_)/, means: outOfQuota },
    { status: 429, means: rateLimited },
  ],
  callersFault:
    /^(invalid_|image_|unsupported_|empty_image|failed_to_download|bio_policy|content_|context_length)/,
  privateText:
    /\b(?:org-|proj_|sk-|ek_|sess-|ft:)[\w*.:-]{2,}[\w*]|\b(?:user-|req_|key_|acct_)(?=[a-z]*[A-Z0-9])[A-Za-z0-9]{6,}|\b[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\b|[\w.+-]+@[\w-]+\.[\w.-]+/g,
  privateParts: commonPrivateParts,
  inBody: (body) => at(body, ['error']),
  codePath: ['code'],
  body: (error) => ({ error }),
};
