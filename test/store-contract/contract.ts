import { afterAll, beforeAll, describe } from 'vitest';
import { absurdAmounts } from './absurd_amounts.ts';
import { accounts } from './accounts.ts';
import { admissionLimits } from './admission_limits.ts';
import { authorizations } from './authorizations.ts';
import { budgets } from './budgets.ts';
import { clients } from './clients.ts';
import { corrections } from './corrections.ts';
import { credentials } from './credentials.ts';
import { devices } from './devices.ts';
import { ended } from './ended.ts';
import { grants } from './grants.ts';
import { instances } from './instances.ts';
import { ledger } from './ledger.ts';
import { limits } from './limits.ts';
import { moderation } from './moderation.ts';
import { notices } from './notices.ts';
import { objects } from './objects.ts';
import { payer } from './payer.ts';
import { proofs } from './proofs.ts';
import { races } from './races.ts';
import { records } from './records.ts';
import { refreshTokens } from './refresh_tokens.ts';
import { signingKeys } from './signing_keys.ts';
import { silentConsent } from './silent_consent.ts';
import { sweeping } from './sweeping.ts';
import { trust } from './trust.ts';
import type { Arena, OpenArena } from './world.ts';

const parts: Readonly<Record<string, (arena: () => Arena) => void>> = {
  accounts,
  clients,
  trust,
  credentials,
  grants,
  limits,
  'silent consent': silentConsent,
  ended,
  authorizations,
  devices,
  proofs,
  'refresh tokens': refreshTokens,
  'signing keys': signingKeys,
  ledger,
  'limits on calls': admissionLimits,
  budgets,
  'corrections of calls': corrections,
  objects,
  payer,
  moderation,
  'absurd amounts': absurdAmounts,
  instances,
  records,
  notices,
  sweeping,
  races,
};

/** What every store must do, whatever it keeps its rows in. */
export function contract(name: string, open: OpenArena): void {
  describe.each(Object.entries(parts))(`${name}: %s`, (_part, tests) => {
    let arena: Arena | undefined;
    beforeAll(async () => {
      arena = await open();
    });
    afterAll(async () => {
      await arena?.close();
    });
    tests(() => {
      if (!arena) throw new Error('the arena is not open');
      return arena;
    });
  });
}
