/** A piece of a file below `src`, and what stands in its place when the behaviour is broken on purpose. */
interface Edit {
  readonly file: string;
  /** Stands there once. */
  readonly find: string;
  readonly put: string;
}

/** A way to break what a line requires. */
export interface Mutation {
  readonly line: number;
  readonly breaks: string;
  readonly edits: readonly Edit[];
  /** Below `test`: the file with the tests of the line that notice it. */
  readonly noticedBy: string;
}

const broken = (
  line: number,
  breaks: string,
  noticedBy: string,
  ...edits: readonly (readonly [file: string, find: string, put: string])[]
): Mutation => ({ line, breaks, noticedBy, edits: edits.map(([file, find, put]) => ({ file, find, put })) });

const redirectUris = 'conformance/redirect_uri.test.ts';
const codes = 'conformance/code.test.ts';
const refresh = 'conformance/refresh.test.ts';
const dpop = 'conformance/dpop.test.ts';

/** What would hurt most, each broken in turn. */
export const mutations: readonly Mutation[] = [
  broken(3, 'A redirect URI need only begin like a registered one', redirectUris, [
    'oauth/redirect_uri.ts',
    '(registered === requested ||',
    '(requested.startsWith(registered) ||',
  ]),
  broken(5, 'Loopback hosts stand for each other', redirectUris, [
    'oauth/redirect_uri.ts',
    'return known.host === asked.host && known.rest === asked.rest;',
    'return known.rest === asked.rest;',
  ]),
  broken(14, 'Answers do not name the issuer', 'conformance/authorization_endpoint.test.ts', [
    'oauth/redirect.ts',
    "parameters.set('iss', issuer);",
    '',
  ]),
  broken(20, 'PKCE may be left out', 'conformance/authorization_endpoint.test.ts', [
    'oauth/steps/check_pkce.ts',
    `    return new OAuthError('invalid_request', 'code_challenge is missing; PKCE is required of every app.');`,
    '    return null;',
  ]),
  broken(34, 'A form counts without its token', 'web/forms.test.ts', [
    'web/csrf.ts',
    "if (!constantTimeEqual(form.get('csrf') ?? '', c.var.visitor.csrf)) return forbiddenForm(c);",
    '',
  ]),
  broken(
    36,
    'Another browser may collect the answer',
    'conformance/browser_binding.test.ts',
    ['oauth/resume.ts', 'if (!request || request.browserHash !== browser.hash)', 'if (!request)'],
    [
      'store/sqlite/authorizations.ts',
      "eq(requests.browserHash, placeholder('browserHash')),\n        eq(requests.userId",
      'eq(requests.userId',
    ],
  ),
  broken(42, 'Sign-in leads on to wherever a link says', 'web/sign_in.test.ts', [
    'web/return_path.ts',
    "return url.origin === here && !path.startsWith('//') ? path : null;",
    'return next;',
  ]),
  broken(50, 'Any secret is the right one', 'conformance/token_endpoint.test.ts', [
    'oauth/client_auth.ts',
    'return matches && isItsMethod && client?.secretHash ? null : unproven;',
    'return isItsMethod && client?.secretHash ? null : unproven;',
  ]),
  broken(51, 'A confidential client may just name itself', 'conformance/token_endpoint.test.ts', [
    'oauth/client_auth.ts',
    'return client && !isConfidential(client) ? null : unproven;',
    'return client ? null : unproven;',
  ]),
  broken(57, 'Another client may redeem a code', codes, [
    'store/redemption.ts',
    "if (presented.clientId !== code.clientId) return 'client';",
    '',
  ]),
  broken(59, 'The verifier is not compared', codes, [
    'store/redemption.ts',
    "if (presented.codeChallenge !== code.codeChallenge) return 'code_verifier';",
    '',
  ]),
  broken(61, 'A short verifier will do', codes, ['oauth/pkce.ts', '{43,128}$/', '{1,128}$/']),
  broken(62, 'A replayed code leaves its tokens alive', codes, [
    'store/sqlite/authorizations.ts',
    "if (end.family(familyId, { at: now, actor, reason: 'code_replay' })) {",
    'if (now < 0) {',
  ]),
  broken(
    64,
    'A code can be redeemed again and again',
    codes,
    ['store/sqlite/authorizations.ts', 'if (familyId !== null) {', 'if (now < 0) {'],
    [
      'store/sqlite/authorizations.ts',
      "and(eq(codes.hash, placeholder('hash')), isNull(codes.usedAt), gt(",
      "and(eq(codes.hash, placeholder('hash')), gt(",
    ],
  ),
  broken(67, 'Failed redemptions burn nothing', codes, [
    'store/sqlite/authorizations.ts',
    'if (failed >= maximumFailedRedemptions) burn.run({ hash });',
    '',
  ]),
  broken(72, 'Reuse of a refresh token ends nothing', refresh, [
    'store/sqlite/refreshing.ts',
    "if (end.family(family.id, { at: now, actor, reason: 'refresh_reuse' })) {",
    'if (now < 0) {',
  ]),
  broken(
    77,
    'The grace goes on when the successor is used',
    refresh,
    [
      'store/rotation.ts',
      'spent.seq === family.seq - 1 &&\n    successor?.usedAt === null',
      'successor !== null',
    ],
    ['store/sqlite/refreshing.ts', 'forgetSalt.run({ familyId: family.id, seq: token.seq - 1 });', ''],
  ),
  broken(78, 'Another client may use a refresh token', refresh, [
    'oauth/grant_types/refresh_token.ts',
    'if (found?.standing.family.clientId !== client.id) throw',
    'if (!found) throw',
  ]),
  broken(79, 'A refresh may ask for more than was authorized', refresh, [
    'oauth/grant_types/refresh_token.ts',
    'if (!isWithin(asked, splitScope(standing.family.scope))) {',
    'if (!isWithin([], asked)) {',
  ]),
  broken(82, 'A bound refresh token needs no proof', dpop, [
    'oauth/grant_types/refresh_token.ts',
    'if (dpopThumbprint === null || proof?.thumbprint === dpopThumbprint) return;',
    'return;',
  ]),
  broken(88, 'Any client may revoke', 'conformance/revocation.test.ts', [
    'oauth/presented_token.ts',
    "return refresh.standing.family.clientId === client.id ? { kind: 'refresh', ...refresh } : null;",
    "return { kind: 'refresh', ...refresh };",
  ]),
  broken(104, 'Any client may use a pushed request', 'conformance/pushed_requests.test.ts', [
    'oauth/authorize.ts',
    "if (!pushed || !parameters || pushed.clientId !== sent.one('client_id')) throw",
    'if (!pushed || !parameters) throw',
  ]),
  broken(117, 'A proof is good for any method', dpop, [
    'tokens/dpop.ts',
    "if (htm !== request.method) return badProof('htm is not the method of this request.');",
    '',
  ]),
  broken(118, 'A proof is good for any host', dpop, [
    'tokens/dpop.ts',
    'return origin + pathname;',
    'return origin.slice(0, 0) + pathname;',
  ]),
  broken(119, 'A proof serves more than once', dpop, [
    'store/sqlite/proofs.ts',
    'db.insert(dpopProofs).values(proof).onConflictDoNothing().run().changes === 1;',
    'db.insert(dpopProofs).values(proof).onConflictDoNothing().run().changes >= 0;',
  ]),
  broken(121, 'A proof is good with any token', dpop, [
    'tokens/dpop.ts',
    'if (request.accessToken !== null && ath !== sha256(request.accessToken)) {',
    "if (request.accessToken === '') {",
  ]),
  broken(122, 'A bound token may come as Bearer', dpop, [
    'tokens/authenticate_request.ts',
    "if (cnf && !isProven) return badToken('The access token is bound to a key: send it as DPoP, with a proof.');",
    '',
  ]),
  broken(123, 'A bound code is good without its key', dpop, [
    'store/redemption.ts',
    "if (code.dpopThumbprint !== null && presented.dpopThumbprint !== code.dpopThumbprint) return 'key';",
    '',
  ]),
  broken(140, 'Private addresses are dialled', 'conformance/client_metadata_documents.test.ts', [
    'lib/public_fetch.ts',
    'if (address === undefined || !addresses.every(isPublicAddress)) {',
    'if (address === undefined) {',
  ]),
  broken(144, 'Any JWT of ours is an access token', 'conformance/access_token.test.ts', [
    'tokens/access_token.ts',
    '      typ: tokenType,\n      issuer,',
    '      issuer,',
  ]),
  broken(145, 'A token is good for any resource', 'proxy/access_token.test.ts', [
    'proxy/authenticate.ts',
    'if (!audience.includes(resource)) {',
    'if (audience.length === 0 && resource) {',
  ]),
  broken(147, 'The first of two tokens counts', 'proxy/access_token.test.ts', [
    'tokens/authenticate_request.ts',
    "(sent.length === 1 && credentials.exec(sent[0] ?? ''))",
    "credentials.exec(sent[0] ?? '')",
  ]),
  broken(148, 'A revoked grant goes on', 'proxy/revocation.test.ts', [
    'store/decide.ts',
    "if (row.revoked) return 'grant_revoked';",
    '',
  ]),
  broken(149, 'Cookies go to the provider', 'proxy/leaks.test.ts', [
    'proxy/request_headers.ts',
    "'user-agent', 'coatcheck'];",
    "'user-agent', 'coatcheck', 'cookie', sent.cookie ?? ''];",
  ]),
  broken(150, 'The query of the app goes to the provider', 'proxy/steering.test.ts', [
    'proxy/forward.ts',
    'path: pathPrefix + admission.match.path,',
    "path: pathPrefix + admission.match.path + /(?:[?].*)?$/.exec(exchange.request.url ?? '')?.[0],",
  ]),
  broken(151, 'Another spelling of a mount needs no token', 'proxy/steering.test.ts', [
    'proxy/target.ts',
    'const near = apis.find(({ mount }) => isNear(path, mount));',
    'const near = apis.find(({ mount }) => isNear(mount, path));',
  ]),
  broken(156, 'A stored key opens wherever it is moved', 'vault/vault.test.ts', [
    'vault/seal.ts',
    "JSON.stringify(['coatcheck', 1, ...binding])",
    "JSON.stringify(['coatcheck', 1, binding[0]])",
  ]),
];
