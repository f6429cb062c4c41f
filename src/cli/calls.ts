import type { Command } from 'commander';
import type { CallView, RecordStore } from '../store/contract/records.ts';
import { CommandError, type Session, withDeps } from './session.ts';

const largestPage = 1000;

/** Adds `calls list` and `calls export`. */
export function addCallsCommands(program: Command, session: Session): void {
  const calls = program.command('calls').description('the record of proxied calls');
  calls
    .command('list')
    .description('calls, newest first')
    .option('--limit <n>', `how many, at most ${largestPage}`, '50')
    .option('--cursor <id>', 'go on after this call: the next_cursor of the page before')
    .option('--grant <id>', 'only calls under this grant')
    .action((options: ListOptions) => list(options, session));
  calls
    .command('export')
    .description('all calls as NDJSON, newest first')
    .action(() => exportAll(session));
}

interface ListOptions {
  limit: string;
  cursor?: string;
  grant?: string;
}

async function list(options: ListOptions, session: Session): Promise<void> {
  const limit = Number(options.limit);
  if (!Number.isInteger(limit) || limit < 1 || limit > largestPage) {
    throw new CommandError(`--limit takes a whole number from 1 to ${largestPage}.`);
  }
  const filter = options.grant === undefined ? {} : { grantId: options.grant };
  const page = await withDeps(session, ({ store }) =>
    store.records.listCalls(filter, { before: options.cursor ?? null, limit }),
  );
  const calls = page.map(wireForm);
  const next_cursor = page.length === limit ? (page.at(-1)?.id ?? null) : null;
  session.show(
    { calls, next_cursor },
    calls.length === 0
      ? ['There are no calls.']
      : calls.map((call) =>
          [
            call.started_at,
            call.call_id,
            call.route,
            call.model ?? '-',
            call.status ?? '-',
            call.outcome ?? 'pending',
            ...call.flags,
          ]
            .map(String)
            .join('  '),
        ),
  );
}

async function exportAll(session: Session): Promise<void> {
  await withDeps(session, async ({ store }) => {
    for await (const call of everyCall(store.records)) {
      session.stdout.write(`${JSON.stringify(wireForm(call))}\n`);
    }
  });
}

async function* everyCall(records: RecordStore): AsyncGenerator<CallView> {
  let before: string | null = null;
  for (;;) {
    const page: readonly CallView[] = await records.listCalls({}, { before, limit: largestPage });
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < largestPage) return;
    before = last.id;
  }
}

function wireForm(call: CallView) {
  return {
    call_id: call.id,
    grant_id: call.grantId,
    client_id: call.clientId,
    provider: call.provider,
    payer: call.payer,
    model: call.model,
    route: call.route,
    status: call.status,
    outcome: call.outcome,
    cost_nano_usd: call.costNanoUsd,
    counted_nano_usd: call.countedNanoUsd,
    flags: call.flags === null ? [] : call.flags.split(' '),
    started_at: new Date(call.startedAt).toISOString(),
  };
}
