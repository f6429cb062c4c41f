import type { Notice } from '../records.ts';

/** A notice that is to be sent now. */
export interface DueNotice extends Notice {
  readonly email: string;
}

export interface NoticeStore {
  /**
   * Keeps a notice to be sent, unless there was one of its kind about the same within the last day.
   * @returns whether it was kept
   */
  addNotice(userId: string, notice: Notice): Promise<boolean>;
  /**
   * Takes notices that are due, so that nobody else takes them meanwhile. Each is due again some minutes later, ever
   * more of them, until it has been sent or taken `mostAttempts` times.
   */
  takeNotices(limit: number): Promise<readonly DueNotice[]>;
  /** Records that a notice has been sent. */
  noticeSent(notice: Pick<Notice, 'kind' | 'about'>): Promise<void>;
}
