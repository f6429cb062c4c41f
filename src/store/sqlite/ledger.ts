import Database from 'better-sqlite3';
import type { AdmissionRequest, AdmissionRow } from '../admission.ts';
import type { Budget } from '../budget.ts';
import { type LedgerStore, OutcomeUnknown, type Settlement } from '../contract/ledger.ts';
import { countersFor, decide } from '../decide.ts';
import type { Moderation } from '../moderation.ts';
import type { ClientStatus, CredentialStatus, ProviderAccess, UserStatus } from '../records.ts';
import { countersOn, type SettledCall } from './counters.ts';
import type { Connection } from './open.ts';
import { proofUser } from './proofs.ts';

// Raw statements: on this path drizzle would cost as much as the rest of the call.

/** The newest key of the provider asked for that this holder has a wrap of, with what else it takes. */
const newestHeldBy = (holder: string, condition = 'TRUE') => `
    SELECT max(held.id) FROM wraps JOIN credentials AS held ON held.id = wraps.credential_id
    WHERE wraps.holder = ${holder} AND held.provider = asked.provider AND ${condition} AND (
      held.expires_at IS NULL OR (held.expires_at > asked.now AND (
        held.session_hash IS NULL OR EXISTS (SELECT 1 FROM sessions WHERE hash = held.session_hash)
      ))
    )`;

/** Where the user was told so. A test costs nobody anything, and somebody who is suspended pays for nothing. */
const appPays = `NOT grants.test AND asked.provider IN (SELECT value FROM json_each(grants.paid_by_app)) AND EXISTS (SELECT 1 FROM users WHERE id = held.user_id AND status = 'active')`;

/** The parameters come through `asked` for the reason given at `textParameter`. */
const readAdmission = `
  WITH asked (family_id, kid, provider, now) AS (VALUES (?, ?, ?, ?))
  SELECT
    families.scope AS familyScope,
    families.revoked_at IS NOT NULL OR grants.revoked_at IS NOT NULL AS revoked,
    grants.id AS grantId,
    grants.user_id AS userId,
    grants.client_id AS clientId,
    grants.scope AS grantScope,
    grants.authorization_details AS authorizationDetails,
    grants.expires_at AS expiresAt,
    users.status AS userStatus,
    iif(clients.deleted_at IS NULL, clients.status, 'deleted') AS clientStatus,
    EXISTS (SELECT 1 FROM signing_keys WHERE kid = asked.kid AND withdrawn_at IS NULL) AS keyStands,
    credentials.id AS credentialId,
    credentials.version AS credentialVersion,
    credentials.sandbox AS credentialSandbox,
    credentials.status AS credentialStatus,
    credentials.exhausted_at AS exhaustedAt,
    clients.pays_when_used_up AS paysWhenUsedUp,
    clients.moderation AS moderation,
    clients.required_moderation AS requiredModeration,
    lent.id AS lentId,
    lent.user_id AS lentUserId,
    lent.version AS lentVersion,
    lent.sandbox AS lentSandbox,
    lent.status AS lentStatus,
    lent.exhausted_at AS lentExhaustedAt
  FROM asked
  JOIN families ON families.id = asked.family_id
  JOIN grants ON grants.id = families.grant_id
  JOIN users ON users.id = grants.user_id
  JOIN clients ON clients.id = grants.client_id
  LEFT JOIN credentials ON credentials.id = (${newestHeldBy('grants.id')})
  LEFT JOIN credentials AS lent ON lent.id = (${newestHeldBy('clients.id', appPays)})`;

const readRate = 'SELECT theoretical_arrival_at FROM rates WHERE grant_id = ? AND provider = ?';
const updateRate = 'UPDATE rates SET theoretical_arrival_at = ? WHERE grant_id = ? AND provider = ?';
const readBudgets =
  'SELECT holder, unit, period, limit_amount AS "limit", strict FROM budgets WHERE holder IN (?, ?, ?, ?)';
const readProof = 'SELECT 1 FROM dpop_proofs WHERE hash = ?';

const insertCall = `
  INSERT INTO calls (
    id, user_id, client_id, grant_id, family_id, credential_id, payer, instance_id,
    provider, route, model, state, reserved_nano_usd, holds, started_at
  ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?, ?, ?)`;

const settleCall = `
  UPDATE calls
  SET state = 'settled', status = ?, outcome = ?, usage = ?, cost_nano_usd = ?,
    counted_nano_usd = coalesce(?, reserved_nano_usd), upstream_request_id = ?, flags = ?, ended_at = ?
  WHERE id = ? AND state = 'pending'
  RETURNING reserved_nano_usd AS reservedNanoUsd, holds`;

/** What has been counted of a call is only assumed. */
const readAssumed = `
  SELECT reserved_nano_usd AS reservedNanoUsd, counted_nano_usd AS countedNanoUsd, outcome, holds FROM calls
  WHERE id = ? AND state = 'settled' AND usage IS NULL AND (cost_nano_usd IS NULL OR outcome = 'lost')`;
const correctCall = 'UPDATE calls SET usage = ?, cost_nano_usd = ?, counted_nano_usd = ? WHERE id = ?';

interface RawAssumed extends Pick<SettledCall, 'reservedNanoUsd' | 'countedNanoUsd' | 'outcome'> {
  readonly holds: string | null;
}

interface RawAdmission {
  readonly familyScope: string;
  readonly revoked: 0 | 1;
  readonly grantId: string;
  readonly userId: string;
  readonly clientId: string;
  readonly grantScope: string;
  readonly authorizationDetails: string;
  readonly expiresAt: number | null;
  readonly userStatus: UserStatus;
  readonly clientStatus: ClientStatus | 'deleted';
  readonly keyStands: 0 | 1;
  readonly credentialId: string | null;
  readonly credentialVersion: number;
  readonly credentialSandbox: 0 | 1;
  readonly credentialStatus: CredentialStatus;
  readonly exhaustedAt: number | null;
  readonly paysWhenUsedUp: 0 | 1;
  readonly moderation: Moderation;
  readonly requiredModeration: Moderation;
  readonly lentId: string | null;
  readonly lentUserId: string;
  readonly lentVersion: number;
  readonly lentSandbox: 0 | 1;
  readonly lentStatus: CredentialStatus;
  readonly lentExhaustedAt: number | null;
}

type RawBudget = Omit<Budget, 'provider' | 'strict'> & { readonly strict: 0 | 1 };

export function sqliteLedger(connection: Connection): LedgerStore {
  const { client, write } = connection;
  const read = client.prepare<[string, string, string, number], RawAdmission>(readAdmission);
  const readArrival = client.prepare<[string, string], number>(readRate).pluck();
  const findProof = client.prepare<[string], 1>(readProof).pluck();
  const insert = client.prepare(insertCall);
  const update = client.prepare<unknown[], { reservedNanoUsd: number; holds: string | null }>(settleCall);
  const findBudgets = client.prepare<[string, string, string | null, string | null], RawBudget>(readBudgets);
  const findAssumed = client.prepare<[string], RawAssumed>(readAssumed);
  const recount = client.prepare(correctCall);
  const counters = countersOn(connection);
  const count = client.prepare(updateRate);
  const useProof = proofUser(connection);

  const readRow = (
    { familyId, kid, provider, proof }: AdmissionRequest,
    now: number,
  ): AdmissionRow | null => {
    const row = read.get(familyId, kid, provider, now);
    if (!row) return null;
    const {
      credentialId: id,
      credentialVersion: version,
      credentialStatus: status,
      exhaustedAt,
      ...rest
    } = row;
    const authorizationDetails = parseDetails(row.authorizationDetails);
    const isLimited = authorizationDetails.length > 0;
    return {
      ...rest,
      authorizationDetails,
      theoreticalArrivalAt: isLimited ? (readArrival.get(row.grantId, provider) ?? null) : null,
      proofIsUsed: proof !== null && findProof.get(proof.hash) !== undefined,
      revoked: row.revoked === 1,
      keyStands: row.keyStands === 1,
      budgets: findBudgets
        .all(row.userId, row.clientId, id, row.lentId)
        .map((budget) => ({ ...budget, provider: null, strict: budget.strict === 1 })),
      credential:
        id === null ? null : { id, version, status, exhaustedAt, sandbox: row.credentialSandbox === 1 },
      fallback: fallbackOf(row),
      paysWhenUsedUp: row.paysWhenUsedUp === 1,
    };
  };

  const settleOne = (settlement: Settlement, now: number): boolean => {
    const { callId, status, outcome, usage, costNanoUsd, countedNanoUsd, upstreamRequestId, flags } =
      settlement;
    const counted = usage && JSON.stringify(usage);
    const settled = update.get(
      status,
      outcome,
      counted,
      costNanoUsd,
      countedNanoUsd,
      upstreamRequestId,
      flags ?? null,
      now,
      callId,
    );
    if (!settled) return false;
    const { reservedNanoUsd, holds } = settled;
    if (holds !== null) counters.settle({ ...settlement, reservedNanoUsd, holds: JSON.parse(holds) });
    return true;
  };

  return {
    async admit(batch, settlements = [], onNotice = () => {}) {
      const { results, notices } = certain(() =>
        write((now) => {
          for (const settlement of settlements) settleOne(settlement, now);
          const rows = batch.map((call) => readRow(call, now));
          const standing = counters.read(countersFor(batch, rows, now));
          const { results, rates, notices } = decide(batch, rows, standing, now);
          for (const { grantId, provider, theoreticalArrivalAt } of rates) {
            count.run(theoreticalArrivalAt, grantId, provider);
          }
          for (const [index, call] of batch.entries()) {
            const result = results[index];
            if (result?.kind !== 'admitted') continue;
            useProof(call.proof);
            const { userId, clientId, grantId, credential, payer, reservedNanoUsd, holds } = result;
            counters.hold(holds, reservedNanoUsd);
            insert.run(
              call.callId,
              userId,
              clientId,
              grantId,
              call.familyId,
              credential.id,
              payer,
              call.instanceId,
              call.provider,
              call.route,
              call.model,
              reservedNanoUsd,
              holds.length > 0 ? JSON.stringify(holds) : null,
              now,
            );
          }
          return { results, notices: counters.note(notices, now) };
        }),
      );
      for (const notice of notices) onNotice(notice);
      return results;
    },

    async settle(batch) {
      return write((now) => batch.map((settlement) => settleOne(settlement, now)));
    },

    async correct({ callId, usage, costNanoUsd, countedNanoUsd: counted }) {
      return write(() => {
        const call = findAssumed.get(callId);
        if (!call) return false;
        const countedNanoUsd = costNanoUsd === null ? Math.min(counted, call.reservedNanoUsd) : counted;
        recount.run(JSON.stringify(usage), costNanoUsd, countedNanoUsd, callId);
        const assumed = {
          ...call,
          holds: call.holds === null ? [] : JSON.parse(call.holds),
          isEstimated: true,
        };
        counters.recount(assumed, { ...assumed, countedNanoUsd, isEstimated: false });
        return true;
      });
    },
  };
}

function fallbackOf(row: RawAdmission): AdmissionRow['fallback'] {
  if (row.lentId === null) return null;
  return {
    id: row.lentId,
    userId: row.lentUserId,
    version: row.lentVersion,
    sandbox: row.lentSandbox === 1,
    status: row.lentStatus,
    exhaustedAt: row.lentExhaustedAt,
  };
}

/** Of a failed read or write of the disk SQLite cannot tell what of it is there the next time. */
function certain<T>(write: () => T): T {
  try {
    return write();
  } catch (error) {
    const isUncertain = error instanceof Database.SqliteError && error.code.startsWith('SQLITE_IOERR');
    throw isUncertain ? new OutcomeUnknown('the calls may be on record', { cause: error }) : error;
  }
}

/** Most grants have none, and are spared the parsing. */
function parseDetails(text: string): readonly ProviderAccess[] {
  return text === '[]' ? [] : JSON.parse(text);
}
