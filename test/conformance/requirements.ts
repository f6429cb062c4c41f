/** What an outsider can see of the authorization server, line by line. Tests name the lines that they prove. */
export interface Section {
  readonly title: string;
  readonly requirements: readonly Requirement[];
}

/** The number of the line, what is to be seen, and where that is written. */
export type Requirement = readonly [line: number, requirement: string, source?: string];

export const sections: readonly Section[] = [
  {
    title: 'Authorization endpoint',
    requirements: [
      [1, 'Unknown/missing `client_id` → page 400, no Location.', 'RFC 6749 §4.1.2.1, OAuth 2.1 §4.1.2.1'],
      [
        2,
        'Unregistered/missing/mismatched `redirect_uri` → page 400, no Location, whatever else is wrong too; value HTML-escaped.',
        'OAuth 2.1 §4.1.2.1, RFC 9700 §4.1.3',
      ],
      [
        3,
        'Redirect URIs compare as strings: trailing slash, case, `%2e`, extra query, userinfo, backslash, port on https, Unicode host → page.',
        'OAuth 2.1 §4.1.1, RFC 9700 §2.1',
      ],
      [
        4,
        'http loopback IP literal (127.0.0.1, [::1]): any request port accepted, every other component byte-equal.',
        'RFC 8252 §7.3, OAuth 2.1 §8.4.2',
      ],
      [
        5,
        'The loopback exception never leaks: `127.0.0.1`, `localhost` and `[::1]` are not each other; `127.0.0.1:1@evil`, `127.0.0.1.evil`, `127.1` → page.',
        'RFC 8252 §7.3',
      ],
      [6, '`localhost` takes any port for native apps only.', 'RFC 8252 §8.3'],
      [
        7,
        'A redirect URI with a fragment is refused at registration and as a page at the request.',
        'OAuth 2.1 §2.3',
      ],
      [
        8,
        'Registered query string in redirect_uri is retained; response params appended with `&`.',
        'OAuth 2.1 §2.3',
      ],
      [
        9,
        '`javascript:`, `data:`, `vbscript:`, `blob:`, `file:`, `about:`, however written, are refused at registration and at the request.',
      ],
      [10, '`redirect_uri` omitted → page 400, always.', 'RFC 6749 §3.1.2.3'],
      [
        11,
        'response_type missing → redirect invalid_request; `token`, `code id_token`, unknown → redirect unsupported_response_type, in the query not the fragment.',
        'OAuth 2.1 §4.1.2.1',
      ],
      [
        12,
        'Unknown or malformed scope → redirect `invalid_scope`. A user may untick scopes: the token response then says what is left.',
        'OAuth 2.1 §1.4.1',
      ],
      [
        13,
        'state echoed byte-exact for `a+b &c=%#` and non-ASCII; absent when absent; present on errors.',
        'OAuth 2.1 §4.1.2',
      ],
      [
        14,
        '`iss` exactly once, equal to the issuer of the metadata, on success and on errors.',
        'RFC 9207 §2, §3, MCP',
      ],
      [
        15,
        'Repeated parameter → `invalid_request`; redirected only if client_id and redirect_uri are single and valid. Exception: `resource`.',
        'OAuth 2.1 §3.1',
      ],
      [16, 'Parameter with empty value = omitted (`code_challenge=` is missing PKCE).', 'OAuth 2.1 §3.1'],
      [17, 'Unknown parameters are ignored.', 'OAuth 2.1 §3.1'],
      [18, 'GET works; POST → 405; HEAD/prefetch never issues a code.', 'OAuth 2.1 §3.1'],
      [
        19,
        'No CORS at the authorization endpoint: no Access-Control-Allow-Origin with any Origin; preflight not granted.',
        'OAuth 2.1 §3.1, RFC 9700 §2.6',
      ],
      [20, 'code_challenge missing → redirect `invalid_request`, whatever the client.', 'OAuth 2.1 §4.1.2.1'],
      [
        21,
        'code_challenge_method absent (which means plain), `plain`, `s256`, `S512` → redirect `invalid_request`; the metadata lists S256 only.',
        'RFC 7636 §4.4.1, MCP',
      ],
      [
        22,
        '`code_challenge` not 43 base64url chars (padding, length 42/129, bad charset) → redirect invalid_request.',
        'RFC 7636 §4.2',
      ],
      [
        23,
        'After a POST carrying credentials/consent the redirect is 303 (302 tolerated), never 307/308.',
        'OAuth 2.1 §7.5.3, RFC 9700 §4.12',
      ],
      [
        24,
        'Consent is asked for again at a repeated request; the one silent case is a verified confidential client that asks for no more than its live grant. `prompt=none` succeeds in that case only, else `login_required`, `consent_required` or `interaction_required`.',
        'OAuth 2.1 §7.3, RFC 8252 §8.6',
      ],
      [
        25,
        'For an app that nobody answers for, an error sends nobody on who is not signed in: page.',
        'OAuth 2.1 §7.13.2',
      ],
      [26, 'User cancels → redirect access_denied + state + iss.', 'RFC 6749 §4.1.2.1'],
      [27, 'A code expires after a minute → `invalid_grant`.', 'OAuth 2.1 §4.1.2'],
      [28, 'A code cannot be guessed, and tells nothing of the `code_challenge`.', 'OAuth 2.1 §7.7, §4.1.2'],
      [29, '`request`, and a `request_uri` that is none of ours → error, and nothing is fetched.'],
      [30, 'A passing failure → redirect `temporarily_unavailable`, never a bare 500.', 'RFC 6749 §4.1.2.1'],
    ],
  },
  {
    title: 'Login, consent, session',
    requirements: [
      [
        31,
        'Every AS page: `frame-ancestors none` + X-Frame-Options DENY.',
        'OAuth 2.1 §7.11, RFC 9700 §4.16',
      ],
      [
        32,
        'Referrer-Policy: no-referrer and no third-party resources on pages with code/state/request_uri in the URL.',
        'RFC 9700 §4.2.4',
      ],
      [33, 'Cache-Control: no-store, X-Content-Type-Options: nosniff on every AS page.'],
      [
        34,
        'Consent/login POST without, with stale, or with another session’s CSRF token → 403, no code.',
        'OAuth 2.1 §7.10',
      ],
      [35, 'Cross-site POST (foreign Origin / Sec-Fetch-Site: cross-site) → 403.'],
      [
        36,
        'Authorization transaction bound to the browser that started it: user B opening A’s consent link cannot complete it for A; A cannot collect B’s result.',
        'OAuth 2.1 §7.10',
      ],
      [
        37,
        'Approval uses server-stored parameters: tampering scope/resource/`redirect_uri`/`client_id` in the consent POST changes nothing.',
      ],
      [38, 'Double-submitted consent → one code.'],
      [
        39,
        'Session id changes at login; old id dead; logout kills it server-side; cookie HttpOnly, Secure, SameSite=Lax, __Host-.',
      ],
      [
        40,
        'Names and addresses of apps are escaped; nothing of theirs is loaded; the redirect host is shown, with a warning for apps on this machine, and the host of an app’s document.',
        'MCP, CIMD §6.4, §6.7',
      ],
      [
        41,
        'CSP form-action lets the final redirect happen in real Chromium (custom scheme and loopback too).',
      ],
      [
        42,
        'Login `next`/return parameter accepts only same-origin paths: `//e`, `/\\e`, `https:e`, `%09//e` refused.',
        'RFC 9700 §4.11.2',
      ],
      [
        43,
        'Password/secret guessing limited (429 or lockout); same body and timing for unknown user.',
        'OAuth 2.1 §2.4.1, §7.7',
      ],
    ],
  },
  {
    title: 'Token endpoint',
    requirements: [
      [44, 'GET → 405 (404 tolerated); nothing is issued from query parameters.', 'OAuth 2.1 §3.2'],
      [45, '`client_secret`/code in the URL query never accepted, even on POST.', 'OAuth 2.1 §2.4.1'],
      [46, 'JSON, multipart, text body → 400 invalid_request (415 tolerated).', 'RFC 6749 §3.2'],
      [47, 'Repeated parameter → 400 invalid_request.', 'OAuth 2.1 §3.2'],
      [
        48,
        '200 and errors: application/json, Cache-Control: no-store (+ Pragma: no-cache for 6749 §5.1).',
        'OAuth 2.1 §3.2.3',
      ],
      [
        49,
        '`grant_type` missing → invalid_request; unknown/password → unsupported_grant_type; not registered for the client → unauthorized_client.',
        'OAuth 2.1 §3.2.4',
      ],
      [
        50,
        'Bad Basic credentials → 401 invalid_client + WWW-Authenticate: Basic; unknown client identical.',
        'OAuth 2.1 §3.2.4',
      ],
      [
        51,
        'Confidential client sending only `client_id` → 401 invalid_client (no downgrade to public).',
        'OAuth 2.1 §3.2.2',
      ],
      [52, 'Two client-auth methods in one request → 400 invalid_request.', 'OAuth 2.1 §2.4'],
      [
        53,
        'Method must be the registered one: Basic for a post client, secret for a `none` client → invalid_client; code not consumed.',
      ],
      [
        54,
        'Id and secret in Basic are form-urldecoded and split at the first colon; what cannot be decoded is a 4xx.',
        'RFC 6749 §2.3.1',
      ],
      [55, 'client_secret_post is supported, and client_secret_basic.', 'OAuth 2.1 §2.4.1'],
      [
        56,
        'A client with keys signs assertions: `iss` and `sub` its id, `aud` the issuer as one string, `exp` at most ten minutes ahead, `jti` good once, ES256, Ed25519, EdDSA, PS256 or RS256 by its key, never none or HMAC; else 401 `invalid_client`.',
        'RFC 7523 §3, RFC 7523bis',
      ],
      [57, 'Code redeemed by another client → invalid_grant.', 'OAuth 2.1 §4.1.3'],
      [
        58,
        'redirect_uri in the token request differs → `invalid_grant`; left out → accepted (OAuth 2.1 drops it, PKCE protects).',
        'OAuth 2.1 §10.2',
      ],
      [59, 'Wrong/missing `code_verifier` → 400 invalid_grant.', 'RFC 7636 §4.6'],
      [
        60,
        'A verifier for a code without challenge does not exist: every code has one.',
        'RFC 9700 §4.8.2, OAuth 2.1 §4.1.3',
      ],
      [
        61,
        '`code_verifier` outside 43..128 unreserved → reject before hashing; few failed tries burn the code.',
        'RFC 7636 §4.1',
      ],
      [
        62,
        'Second valid redemption → invalid_grant AND tokens of the first die: proxy 401, introspection active:false, refresh invalid_grant.',
        'OAuth 2.1 §4.1.3',
      ],
      [
        63,
        'Replay with wrong verifier/client → invalid_grant but the real tokens keep working (no DoS).',
        'OAuth 2.1 §7.5.2',
      ],
      [64, 'N parallel redemptions → at most one 200.', 'OAuth 2.1 §4.1.3'],
      [65, 'A refresh token, consent id or other one-time value used as `code` → `invalid_grant`.'],
      [
        66,
        'The answer names scope, `expires_in` as a number, and the token type.',
        'OAuth 2.1 §1.4.1, §3.2.3',
      ],
      [
        67,
        'A request failing on resource, authorization details, redirect URI or authentication does not use the code up; the fifth failed redemption burns it. Without the verifier nobody learns what a code stands for.',
      ],
      [
        68,
        'CORS on the endpoints that clients call, without credentials, never with a reflected origin.',
        'OAuth 2.1 §3.2',
      ],
      [69, '`error_description` only %x20-21/23-5B/5D-7E; no input reflected raw.', 'OAuth 2.1 §3.2.4'],
      [70, 'Malformed percent-encoding, NUL, invalid UTF-8, 64 KB value → 4xx, never 5xx.'],
    ],
  },
  {
    title: 'Refresh',
    requirements: [
      [
        71,
        'Each use by a public client returns a new refresh token; the old one is dead.',
        'OAuth 2.1 §4.3.1, MCP',
      ],
      [
        72,
        'Old token reused → invalid_grant and the whole family (newest refresh + access tokens) revoked.',
        'OAuth 2.1 §4.3.1, RFC 9700 §4.14.2',
      ],
      [73, 'N parallel uses → one live branch at most.'],
      [74, 'Replay between rotate-mark and successor-insert leaves no live successor.'],
      [75, 'Revocation racing a refresh: no token minted survives.'],
      [76, 'Reuse still detected after restart and for two rotations in the same second.'],
      [
        77,
        'Grace: within 10 s the immediate predecessor of an unused token gives that same token again; outside of it the family ends.',
      ],
      [
        78,
        'Token of client A used by B → invalid_grant without revoking A’s family; confidential client must authenticate.',
        'OAuth 2.1 §4.3.1',
      ],
      [
        79,
        'Narrower scope ok; wider → invalid_scope; the next refresh token keeps the original scope.',
        'OAuth 2.1 §4.3.1, §4.3.3',
      ],
      [80, 'resource outside the grant → invalid_target.', 'RFC 8707 §2.2'],
      [
        81,
        'Idle and absolute expiry; dies on user disconnect, stored-key deletion, client deletion, password change.',
        'OAuth 2.1 §4.3.3',
      ],
      [83, 'A refresh token at the proxy → 401; an access token at the refresh grant → `invalid_grant`.'],
      [84, 'Database dump holds no usable code/token/secret (hash only).'],
    ],
  },
  {
    title: 'Revocation and introspection',
    requirements: [
      [
        85,
        'Valid, unknown, garbage and revoked tokens → 200 with JSON: some clients throw on an empty body.',
        'RFC 7009 §2.2',
      ],
      [86, 'An access token can be revoked: 200, and dead at the proxy at once.', 'RFC 7009 §2.2.1'],
      [
        87,
        'Refresh revocation kills its access tokens; wrong/unknown `token_type_hint` still works.',
        'RFC 7009 §2.1',
      ],
      [88, 'Another client’s token is not revoked.', 'RFC 7009 §2.1'],
      [89, 'Missing token → 400 invalid_request; confidential client without credentials → 401; GET → 405.'],
      [90, 'Introspection unauthenticated → 401; public client refused.', 'RFC 7662 §2.1, §4'],
      [
        91,
        'Unknown, expired, revoked or another client’s → 200 and exactly `{"active":false}`.',
        'RFC 7662 §2.2',
      ],
      [
        92,
        'Active: iss, aud, sub, `client_id`, scope, exp, iat, jti, token_type, `cnf.jkt` when bound, `authorization_details` when limited.',
        'RFC 7662 §2.2, RFC 9449 §6.2, RFC 9396 §9.2',
      ],
      [93, 'Storage failure during revocation → 503, never a false 200.'],
    ],
  },
  {
    title: 'Metadata and keys',
    requirements: [
      [94, '200 application/json; the issuer is as configured.', 'RFC 8414 §3'],
      [95, 'Host, X-Forwarded-Host and Forwarded never change issuer, endpoints or links.'],
      [
        96,
        'Advertised = real: each listed grant/auth method/alg works, each unlisted fails; empty arrays omitted.',
        'RFC 8414 §2, §3.2',
      ],
      [
        97,
        'The metadata says S256, the iss flag, pushed requests, devices, DPoP algorithms, revocation and introspection, the type of authorization details, and whether apps may register or bring a document.',
        'MCP, RFC 9396 §10',
      ],
      [
        98,
        'Metadata of a resource: `resource` identical to the mount, authorization_servers, bearer in the header, the type of authorization details.',
        'RFC 9728 §3, MCP',
      ],
      [99, 'JWKS has no d/p/q/k; each key kid+alg+use; after rotation old tokens verify until exp.'],
      [100, 'The openid-configuration name answers the same document.', 'MCP'],
    ],
  },
  {
    title: 'Pushed requests',
    requirements: [
      [
        101,
        '201 JSON, no-store; a reference that cannot be guessed; `expires_in` from 5 to 600.',
        'RFC 9126 §2.2',
      ],
      [102, '`request_uri` inside the pushed request → 400 `invalid_request`.', 'RFC 9126 §2.1'],
      [103, 'Errors are JSON, 400 or 401; GET → 405; too large → 413; never a redirect.', 'RFC 9126 §2.3'],
      [104, 'A reference used with another `client_id` → page.', 'RFC 9126 §7.3'],
      [
        105,
        'It is good for one authorization, in the browser that it was first used in; expired or used → page.',
        'RFC 9126 §4, §7.3',
      ],
      [106, 'Parameters beside `request_uri` count for nothing.', 'RFC 9126 §4, RFC 9101 §5'],
      [107, 'An app that takes pushed requests only: a plain one → `invalid_request`.', 'RFC 9126 §6'],
      [
        108,
        'The client proves itself as at the token endpoint; nothing of that is stored. A DPoP proof binds the code; with another `dpop_jkt` → 400.',
        'RFC 9126 §2, RFC 9449 §10.1',
      ],
    ],
  },
  {
    title: 'Authorization details and resource indicators',
    requirements: [
      [
        109,
        '`authorization_details` that are no list, without or of an unknown type, with an unknown or mistyped field, or for a provider that no scope is for → `invalid_authorization_details` (redirect, or 400 at PAR, device and token).',
        'RFC 9396 §5',
      ],
      [
        110,
        'A token or refresh request for more than was granted → 400 `invalid_authorization_details`; neither code nor refresh token is spent.',
        'RFC 9396 §6',
      ],
      [
        111,
        'What was granted, or less where the request asks for less, is in the token response, the token, introspection and `/grant`, the last two as far as the grant allows it now; the proxy keeps to it: a model or limit outside → 403.',
        'RFC 9396 §7, §9',
      ],
      [112, 'Nesting however deep, a field twice, `__proto__` → 400; a megabyte → 413, in a URL 431.'],
      [113, 'resource relative, with fragment, or unknown → invalid_target (redirect / 400).', 'RFC 8707 §2'],
      [
        114,
        'Several resource values allowed; token aud only what was asked and granted; never a token without aud.',
        'RFC 8707 §2.2',
      ],
      [115, 'Upper-case scheme/host accepted, otherwise exact (no prefix match).', 'MCP'],
    ],
  },
  {
    title: 'DPoP',
    requirements: [
      [
        82,
        'A public client’s bound refresh token without a proof, or with another key → 400.',
        'RFC 9449 §5',
      ],
      [116, '`token_type` DPoP, and `cnf.jkt` is the thumbprint of the key.', 'RFC 9449 §5, §6'],
      [
        117,
        'Two proofs, a wrong typ, algorithm, key, signature, jti, htm, htu or iat → 400 `invalid_dpop_proof`; at the proxy 401 with a challenge that names it and the algorithms.',
        'RFC 9449 §4.3, §7.1',
      ],
      [118, 'htu counts without query and fragment, whatever the case of scheme and host.', 'RFC 9449 §4.3'],
      [119, 'A proof serves once, also of many requests at the same time.', 'RFC 9449 §11.1'],
      [120, 'Without a fresh nonce: 400 or 401 `use_dpop_nonce`, with the nonce to use.', 'RFC 9449 §8, §9'],
      [121, 'At the proxy the proof holds the hash of the token.', 'RFC 9449 §7.1'],
      [122, 'A bound token as Bearer, an unbound one as DPoP, or another key → 401.', 'RFC 9449 §7.1, §7.2'],
      [
        123,
        '`dpop_jkt` at the authorization endpoint: the code is redeemed with that key only.',
        'RFC 9449 §10',
      ],
      [124, 'An app that takes bound tokens only: no proof → 400.', 'RFC 9449 §5.2'],
    ],
  },
  {
    title: 'Device grant',
    requirements: [
      [
        125,
        'JSON, no-store, with every member that a device needs; the device code cannot be guessed.',
        'RFC 8628 §3.2',
      ],
      [
        126,
        '`authorization_pending`; too fast → `slow_down` and five seconds more from then on; `access_denied`; `expired_token`; a second redemption → `invalid_grant`. All 400.',
        'RFC 8628 §3.5',
      ],
      [127, 'Polled by another client → `invalid_grant`.'],
      [
        128,
        'Guessing user codes is limited per account and address; case, blanks and dashes do not count.',
        'RFC 8628 §5.1, §6.1',
      ],
      [
        129,
        'The complete address shows the code only; client, code and scopes are shown, and approved by a form.',
        'RFC 8628 §3.3.1, §5.4',
      ],
      [130, 'Only the browser that entered the code decides.'],
      [131, 'Polls at once after the approval → one set of tokens.'],
    ],
  },
  {
    title: 'Registration by the app itself, and metadata documents',
    requirements: [
      [
        132,
        '201, no-store, everything registered is echoed; a secret comes with `client_secret_expires_at`.',
        'RFC 7591 §3.2.1',
      ],
      [
        133,
        'Bad redirect URI → `invalid_redirect_uri`; unsupported grant type, response type or method → `invalid_client_metadata`.',
        'RFC 7591 §3.2.2',
      ],
      [
        134,
        'An app cannot give itself an id, another type of authorization details, verification, more scope than there is, or leave to skip consent or PKCE; nor by a change.',
      ],
      [
        135,
        'Nothing that a registration names is fetched; `jwks` and `jwks_uri` both → error.',
        'RFC 7591 §5',
      ],
      [
        136,
        'Registering is limited for each network address; apps that nobody lets in for a week are forgotten.',
      ],
      [
        137,
        'Wrong or another client’s token → 401; a change with another `client_id` or secret → 400; DELETE → 204 and the grants end.',
        'RFC 7592 §2',
      ],
      [
        138,
        'A document’s URL is https with a path, without dot segments, fragment or user, in its normal form; otherwise page, and nothing is fetched.',
        'CIMD §3',
      ],
      [
        139,
        'Only 200 is taken, redirects lead nowhere, `client_id` equal as a string, JSON, 5 KB, five seconds, no secret and no method that shares one.',
        'CIMD §4, §4.1, §6.6',
      ],
      [
        140,
        'Only public addresses are dialled, and just the one that was checked; addresses in any spelling, names that lead inside, names that change.',
        'CIMD §6.5',
      ],
      [
        141,
        'What is missing or no good is not remembered; a document holds for an hour at most; another redirect URI means new consent.',
        'CIMD §4.4, §6.3',
      ],
      [
        142,
        'An id given out here is never an https URL; revoking one install leaves the others of the same id.',
        'CIMD §6.9',
      ],
    ],
  },
  {
    title: 'Tokens at the resource, and what is never told',
    requirements: [
      [
        143,
        'Header typ at+jwt, asymmetric alg, kid; iss, sub, aud, `client_id`, exp, iat, jti, scope.',
        'RFC 9068 §2',
      ],
      [
        144,
        'Refuse none, HS256 keyed with the public JWK/PEM, typ JWT, jku/x5u/jwk headers, unknown kid, unknown crit.',
        'RFC 9068 §4',
      ],
      [145, 'Refuse wrong/missing iss, aud (string, array, prefix), exp missing/string/past, future nbf.'],
      [
        146,
        'No credential → 401 Bearer resource_metadata=..., no error; bad → error="invalid_token"; scope → 403 insufficient_scope + scope.',
        'RFC 6750 §3.1, RFC 9728 §5.1, MCP',
      ],
      [
        147,
        'Token in the query or the body ignored; two Authorization headers → 401; scheme case-insensitive; other schemes refused.',
        'OAuth 2.1 §5.1',
      ],
      [
        148,
        'A revoked grant is refused on the next call, from caches too; a running stream ends within a few seconds.',
      ],
      [
        149,
        'The provider key is in no response header, body, error, event or log; the caller’s Authorization and Cookie do not go upstream.',
        'MCP',
      ],
      [
        150,
        'The caller cannot steer the upstream: by host, absolute target, encoded or doubled slashes, or a model; redirects are not followed with the key.',
      ],
      [151, 'Every route, method, trailing or doubled slash and other spelling → 401 without a token.'],
      [152, 'The provider’s 401 is not told as an `invalid_token` of ours; its 429 keeps `Retry-After`.'],
      [
        153,
        'The body limit holds for chunked bodies; hop-by-hop headers are dropped; CR and LF make no header and no event.',
      ],
      [154, 'An app that goes away ends the call upstream; slow apps and endless answers are bounded.'],
      [155, 'Caps hold under many parallel requests and aborted streams.'],
      [
        156,
        'Stored keys are sealed with owner and provider bound in: a row that is moved does not open; the master key can be changed.',
      ],
      [157, 'kill -9 after a redemption or rotation: the code or token is still spent after the restart.'],
      [158, 'Logs and error pages hold no code, token, verifier, secret or key.'],
      [
        159,
        'A plain http issuer is refused outside of loopback; behind https cookies are Secure and HSTS is sent.',
        'OAuth 2.1 §1.5, MCP',
      ],
      [160, 'What holds under concurrency holds on SQLite and on PostgreSQL, with several processes.'],
      [
        162,
        '`GET /grant` with an access token → what it may do now, per provider with its limits, until when, and where the user changes it; nothing of the user’s keys but whether they work. JSON, no-store, open to any origin.',
      ],
      [
        163,
        'At `/grant` no token or a wrong one → 401 `invalid_token`; a grant that has ended → 401 `grant_revoked`.',
        'RFC 6750 §3.1',
      ],
      [
        164,
        'At `/grant` a bound token needs a proof of its key for this request, good once; without one, or as a bearer token, it is refused.',
        'RFC 9449 §7',
      ],
    ],
  },
  {
    title: 'Limits',
    requirements: [
      [
        161,
        'Too many requests that take room, or too many failed guesses, by one app and network address → 429 with `Retry-After`. Who has the right secret, code or token is not slowed by it.',
        'OAuth 2.1 §2.4.1, §7.7',
      ],
    ],
  },
];
