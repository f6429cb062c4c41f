import { statSync } from 'node:fs';
import type { Command } from 'commander';
import type { Deps } from '../deps.ts';
import { tryMail } from '../mail/mail.ts';
import { CommandError, type Session, withDeps } from './session.ts';

interface Finding {
  readonly check: string;
  readonly ok: boolean;
  /** What is there, or what to do. */
  readonly detail: string;
}

/** Adds `doctor`. */
export function addDoctorCommand(program: Command, session: Session): void {
  program
    .command('doctor')
    .description('look for what would keep the broker from working; makes what a first start would make')
    .action(() => examine(session));
}

async function examine(session: Session): Promise<void> {
  const findings = await withDeps(session, async (deps) => [
    ...settings(deps),
    dataFolder(deps),
    await masterKeys(deps),
    await signingKey(deps),
    await accounts(deps),
    await mail(deps),
  ]);
  const ok = findings.every((finding) => finding.ok);
  session.show(
    { ok, findings },
    findings.map((finding) => `${finding.ok ? 'ok  ' : 'FAIL'} ${finding.check}: ${finding.detail}`),
  );
  if (!ok) throw new CommandError('Something needs mending; see the lines that say FAIL.');
}

function settings({ config }: Deps): readonly Finding[] {
  const unknown = config.unknownVariables.map((name) => ({
    check: 'settings',
    ok: false,
    detail: `${name} is set, but there is no such setting; docs/configuration.md lists them`,
  }));
  return [...unknown, { check: 'issuer', ok: true, detail: config.issuer }];
}

function dataFolder({ config }: Deps): Finding {
  const mode = (statSync(config.dataDir).mode & 0o777).toString(8);
  return { check: 'data folder', ok: mode === '700', detail: `${config.dataDir}, mode ${mode}` };
}

async function masterKeys({ store, keyring }: Deps): Promise<Finding> {
  const current = keyring.current();
  const [stranded] = (await store.credentials.listWrapsNotUnder(current.id, 100)).filter(
    (wrap) => !keyring.find(wrap.masterKeyId),
  );
  return stranded
    ? {
        check: 'master keys',
        ok: false,
        detail: `${stranded.credentialId} lies under ${stranded.masterKeyId}, which is not in the keyring`,
      }
    : { check: 'master keys', ok: true, detail: `current ${current.id}` };
}

async function signingKey({ signingKeys }: Deps): Promise<Finding> {
  try {
    return { check: 'signing key', ok: true, detail: (await signingKeys.active()).kid };
  } catch (error) {
    return { check: 'signing key', ok: false, detail: String(error) };
  }
}

async function accounts({ store }: Deps): Promise<Finding> {
  const count = await store.accounts.countUsers();
  return {
    check: 'accounts',
    ok: true,
    detail: count === 0 ? 'none yet; `serve` gives out the set-up link' : String(count),
  };
}

async function mail({ config }: Deps): Promise<Finding> {
  if (!config.mail) {
    return { check: 'mail', ok: true, detail: 'not set up; users are told on the pages only' };
  }
  const { host } = new URL(config.mail.url.unwrap());
  try {
    await tryMail(config.mail);
    return { check: 'mail', ok: true, detail: `${host} takes mail from ${config.mail.from}` };
  } catch (error) {
    return { check: 'mail', ok: false, detail: `${host}: ${error instanceof Error ? error.message : error}` };
  }
}
