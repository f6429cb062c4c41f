import { z } from 'zod';
import { unknownScopes } from '../catalog/scope.ts';
import { nameComplaint, redirectUrisComplaint, registeredScope } from '../grants/registration.ts';
import type { Client, ClientType, SecretMethod } from '../store/records.ts';
import { secretMethods } from './client_auth.ts';
import { OAuthError } from './errors.ts';
import { responseTypes } from './steps/check_response_type.ts';
import { grantTypes } from './token.ts';

/** What a client may say of itself (RFC 7591 §2, RFC 9126 §6, RFC 9449 §5.2). Whatever else it says counts for nothing. */
const members = z.object({
  redirect_uris: z.array(z.string()),
  client_name: z.string().optional(),
  application_type: z.enum(['web', 'native']).optional(),
  token_endpoint_auth_method: z.enum(['none', ...secretMethods]).optional(),
  grant_types: z.array(z.enum([...grantTypes.keys()])).optional(),
  response_types: z.array(z.enum(responseTypes)).optional(),
  scope: z.string().optional(),
  dpop_bound_access_tokens: z.boolean().optional(),
  require_pushed_authorization_requests: z.boolean().optional(),
  jwks: z.unknown().optional(),
  jwks_uri: z.unknown().optional(),
});

/** What a client has said of itself, checked. */
export type ClientMetadata = Pick<
  Client,
  'name' | 'type' | 'redirectUris' | 'scope' | 'secretMethod' | 'requiresDpop' | 'requiresPushedRequests'
> & {
  /** Whether it is to have no secret. */
  readonly isPublic: boolean;
};

interface Defaults {
  readonly isPublic: boolean;
  readonly secretMethod?: SecretMethod | null;
  readonly type?: ClientType;
  /** What an app is called that does not say; it is called after its redirect URI otherwise. */
  readonly name?: string;
}

/**
 * Checks what a client says of itself.
 * @param said a JSON document
 * @param defaults for what it leaves out
 * @throws OAuthError `invalid_redirect_uri` or `invalid_client_metadata` (RFC 7591 §3.2.2)
 */
export function readClientMetadata(said: unknown, defaults: Defaults): ClientMetadata {
  const { success, data, error } = members.safeParse(said);
  if (!success) {
    const [issue] = error.issues;
    const [member] = issue?.path ?? [];
    if (member === 'redirect_uris') throw invalidRedirectUri('redirect_uris must be a list of URIs.');
    throw invalidMetadata(
      member === undefined ? 'Send a JSON object.' : `${String(member)} is nothing that is supported here.`,
    );
  }
  if (data.jwks !== undefined && data.jwks_uri !== undefined) {
    throw invalidMetadata('Give jwks or jwks_uri, not both (RFC 7591 section 2).');
  }
  const method = data.token_endpoint_auth_method;
  const isPublic = method === undefined ? defaults.isPublic : method === 'none';
  // One that names no way may show its secret in any: common libraries do not look at what they are told.
  const secretMethod = method === undefined || method === 'none' ? (defaults.secretMethod ?? null) : method;
  const redirectUris = [...new Set(data.redirect_uris)];
  const declared = data.application_type;
  const type = (declared === undefined && defaults.type) || typeOf(declared, redirectUris, isPublic);
  const complaint = redirectUrisComplaint(redirectUris, type);
  if (complaint !== null) throw invalidRedirectUri(complaint);
  const name = (data.client_name ?? defaults.name ?? hostOf(redirectUris[0])).trim();
  const wrong = nameComplaint(name);
  if (wrong !== null) throw invalidMetadata(wrong);
  const scope = data.scope ?? '';
  if (unknownScopes(scope).length > 0) {
    throw invalidMetadata('A scope is not known; see scopes_supported in the metadata.');
  }
  return {
    name,
    type,
    isPublic,
    secretMethod,
    redirectUris,
    scope: registeredScope(scope),
    requiresDpop: data.dpop_bound_access_tokens ?? false,
    requiresPushedRequests: data.require_pushed_authorization_requests ?? false,
  };
}

/** An app that names addresses other than https ones runs on people's own devices, unless it says otherwise. */
function typeOf(
  declared: 'web' | 'native' | undefined,
  redirectUris: readonly string[],
  isPublic: boolean,
): ClientType {
  const isNative =
    declared === undefined ? redirectUris.some((uri) => !/^https:/i.test(uri)) : declared === 'native';
  if (isNative) return 'native';
  return isPublic ? 'spa' : 'web';
}

function hostOf(uri: string | undefined): string {
  const host = uri !== undefined && URL.canParse(uri) ? new URL(uri).hostname : '';
  return host === '' ? 'An app without a name' : host;
}

function invalidRedirectUri(description: string): OAuthError {
  return new OAuthError('invalid_redirect_uri', description);
}

export function invalidMetadata(description: string): OAuthError {
  return new OAuthError('invalid_client_metadata', description);
}
