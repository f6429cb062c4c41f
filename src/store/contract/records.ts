import type { AuditEvent, Call } from '../records.ts';

export interface CallView extends Call {
  readonly clientName: string;
}

export interface RecordStore {
  /** Calls, newest first. @param before id of the last call of the page before */
  listCalls(
    filter: {
      readonly userId?: string;
      readonly grantId?: string;
      readonly clientId?: string;
      readonly test?: boolean;
    },
    page: { readonly before: string | null; readonly limit: number },
  ): Promise<readonly CallView[]>;
  listAuditEvents(filter: { readonly userId?: string }, limit: number): Promise<readonly AuditEvent[]>;
}
