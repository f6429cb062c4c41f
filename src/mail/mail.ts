import type { Logger } from 'pino';
import type { Secret } from '../lib/secret.ts';
import type { DueNotice, NoticeStore } from '../store/contract/notices.ts';
import type { Notice } from '../store/records.ts';

/** How mail is sent. */
export interface MailSettings {
  /** Of the server, with what it asks for: `smtps://user:password@host`. */
  readonly url: Secret;
  readonly from: string;
  /** Nothing goes to the server but through TLS. */
  readonly requireTls: boolean;
}

/** Tells users by mail what they should know. Where no mail is set up, nothing happens. */
export interface Mail {
  /**
   * Has a notice sent, one of its kind about the same in a day, whichever process has it. Returns at once and never
   * throws.
   */
  notify(userId: string, notice: Notice): void;
  /** Sends what is due. What fails is logged, and due again later. */
  sendDue(): Promise<void>;
  /** Waits for what is being sent. */
  close(): Promise<void>;
}

/** Notices sent in one go. */
const batch = 10;

/** In milliseconds. */
const timeouts = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 30_000 };

/** Nothing is sent. */
export const noMail: Mail = { notify() {}, async sendDue() {}, async close() {} };

export async function createMail(settings: MailSettings, notices: NoticeStore, log: Logger): Promise<Mail> {
  const transport = await openTransport(settings);
  const under = new Set<Promise<void>>();

  const send = async ({ email, kind, about, title, text }: DueNotice) => {
    try {
      await transport.sendMail({
        from: settings.from,
        to: { name: '', address: email },
        subject: title,
        text,
        // Nobody's holiday is to be told of it (RFC 3834 §5).
        headers: { 'auto-submitted': 'auto-generated' },
      });
      await notices.noticeSent({ kind, about });
    } catch (error) {
      log.warn({ err: error, kind, about }, 'a notice could not be sent by mail');
    }
  };

  const sendDue = async () => {
    try {
      for (;;) {
        const due = await notices.takeNotices(batch);
        for (const notice of due) await send(notice);
        if (due.length < batch) return;
      }
    } catch (error) {
      log.warn({ err: error }, 'the notices to be sent could not be read');
    }
  };

  const track = (work: Promise<void>): Promise<void> => {
    under.add(work);
    return work.finally(() => under.delete(work));
  };

  const keep = async (userId: string, notice: Notice) => {
    try {
      if (await notices.addNotice(userId, notice)) await sendDue();
    } catch (error) {
      const { kind, about } = notice;
      log.warn({ err: error, kind, about }, 'a notice could not be kept');
    }
  };

  return {
    notify: (userId, notice) => void track(keep(userId, notice)),
    sendDue: () => track(sendDue()),
    async close() {
      await Promise.all(under);
      transport.close();
    },
  };
}

/**
 * Connects to the server and signs in.
 * @throws what nodemailer has to say when that does not work
 */
export async function tryMail(settings: MailSettings): Promise<void> {
  const transport = await openTransport(settings);
  try {
    await transport.verify();
  } finally {
    transport.close();
  }
}

async function openTransport({ url, requireTls }: MailSettings) {
  // Where no mail is set up, no start waits for it.
  const { createTransport } = await import('nodemailer');
  return createTransport({
    url: url.unwrap(),
    // What follows TLS only where the server offers it can be turned to clear text on the way.
    requireTLS: requireTls,
    ...timeouts,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}
