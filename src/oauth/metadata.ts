import type { Context, Handler } from 'hono';
import { allScopes, apis, usualScopes } from '../catalog/catalog.ts';
import type { Deps } from '../deps.ts';
import { assertionAlgorithms } from '../grants/jwks.ts';
import { accessType } from '../grants/provider_access.ts';
import { proofAlgorithms } from '../tokens/dpop.ts';
import { confidentialMethods } from './client_auth.ts';
import { asOAuthError, errorResponse } from './errors.ts';
import { logRefusal } from './log.ts';
import { codeChallengeMethods } from './pkce.ts';
import { registrationPath } from './register.ts';
import { responseModes } from './steps/check_response_mode.ts';
import { responseTypes } from './steps/check_response_type.ts';
import { grantTypes } from './token.ts';

/** Public and slow to change. After a signing key is withdrawn, caches elsewhere go on with it for so many seconds. */
const cacheable = { 'Cache-Control': 'public, max-age=300' };

const resourceMetadataPath = '/.well-known/oauth-protected-resource';

/** What this server can do (RFC 8414 §2), written from the tables that do it. */
export function serverMetadata(deps: Deps): Handler {
  const { issuer } = deps.config;
  const document = {
    issuer,
    authorization_endpoint: `${issuer}/oauth/authorize`,
    pushed_authorization_request_endpoint: `${issuer}/oauth/par`,
    device_authorization_endpoint: `${issuer}/oauth/device`,
    token_endpoint: `${issuer}/oauth/token`,
    revocation_endpoint: `${issuer}/oauth/revoke`,
    introspection_endpoint: `${issuer}/oauth/introspect`,
    jwks_uri: `${issuer}/oauth/jwks`,
    scopes_supported: allScopes,
    authorization_details_types_supported: [accessType],
    response_types_supported: responseTypes,
    response_modes_supported: responseModes,
    grant_types_supported: [...grantTypes.keys()],
    token_endpoint_auth_methods_supported: [...confidentialMethods, 'none'],
    token_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
    revocation_endpoint_auth_methods_supported: [...confidentialMethods, 'none'],
    revocation_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
    introspection_endpoint_auth_methods_supported: confidentialMethods,
    introspection_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
    code_challenge_methods_supported: codeChallengeMethods,
    dpop_signing_alg_values_supported: proofAlgorithms,
    subject_types_supported: ['pairwise'],
    authorization_response_iss_parameter_supported: true,
    require_pushed_authorization_requests: false,
    // Left out, this one would mean true (OpenID Connect Discovery §3).
    request_uri_parameter_supported: false,
    protected_resources: apis.map(({ mount }) => issuer + mount),
  };
  return async (c) => {
    try {
      const { isOpen } = deps.store.accounts;
      const [takesRegistrations, takesDocuments] = await Promise.all([
        isOpen('registration'),
        isOpen('client_documents'),
      ]);
      const registration = takesRegistrations && { registration_endpoint: issuer + registrationPath };
      const opened = { ...registration, client_id_metadata_document_supported: takesDocuments };
      return c.json({ ...document, ...opened }, 200, cacheable);
    } catch (thrown) {
      return failure(deps, c, 'metadata', thrown);
    }
  };
}

function failure({ log }: Deps, c: Context, name: string, thrown: unknown): Response {
  const error = asOAuthError(thrown);
  logRefusal(log, name, error);
  const { status, headers, body } = errorResponse(error);
  return c.json(body, status, headers);
}

/** What tells a client of a provider's mount where to get tokens for it (RFC 9728 §2). */
export function resourceMetadata(deps: Deps): Handler {
  const { issuer } = deps.config;
  const documents = new Map(
    apis.map((api) => [
      resourceMetadataPath + api.mount,
      {
        resource: issuer + api.mount,
        resource_name: api.title,
        authorization_servers: [issuer],
        // Clients ask for all of these by themselves.
        scopes_supported: usualScopes(api),
        authorization_details_types_supported: [accessType],
        bearer_methods_supported: ['header'],
        dpop_signing_alg_values_supported: proofAlgorithms,
      },
    ]),
  );
  return (c) => {
    const document = documents.get(c.req.path);
    return document ? c.json(document, 200, cacheable) : c.notFound();
  };
}

/** The public keys that access tokens are verified with (RFC 7517). */
export function jwks(deps: Deps): Handler {
  return async (c) => {
    try {
      return c.json({ keys: await deps.signingKeys.publicJwks() }, 200, cacheable);
    } catch (thrown) {
      return failure(deps, c, 'jwks', thrown);
    }
  };
}
