import { useTranslations } from 'use-intl';
import { Money, Time } from '../../../ui/format.tsx';
import { useServiceName } from '../../operations/words.tsx';
import { Fields } from './fields.tsx';
import styles from './story.module.css';
import type { Entry, Step } from './story.ts';

/** What is worth a person's eye; the rest is how it came about. */
const tones: Partial<Record<Step['kind'], 'good' | 'bad' | 'move'>> = {
  captured: 'good',
  givenBack: 'move',
  refundDue: 'move',
  setAside: 'bad',
};

/** The order's steps, one below the other, each with the service that took it and what it said. */
export function Timeline({ entries }: { entries: Entry[] }) {
  const t = useTranslations('operations.story');
  const serviceName = useServiceName();
  return (
    <ol className={styles.timeline}>
      {entries.map((entry, index) => (
        <li key={entry.id} className={styles.entry} data-tone={tones[entry.kind]}>
          <span className={styles.when}>
            <Time at={entry.at} withDate={index === 0} />
            {index > 0 && <span>{t('after', { ms: entry.after })}</span>}
          </span>
          <span className={styles.lane} data-service={entry.service}>
            {serviceName(entry.service)}
          </span>
          <div className={styles.what}>
            <p>
              <What step={entry} />
            </p>
            {entry.heardBy.length > 0 && (
              <p className={styles.soft}>
                {t('heardBy', {
                  services: entry.heardBy.map(({ service }) => serviceName(service)).join(', '),
                })}
              </p>
            )}
            {entry.payload && (
              <details>
                <summary>{t('payload')}</summary>
                <Fields fields={entry.payload} />
              </details>
            )}
          </div>
        </li>
      ))}
    </ol>
  );
}

/** One step in words. */
function What({ step }: { step: Step }) {
  const t = useTranslations('operations.story.steps');
  switch (step.kind) {
    case 'published':
      return (
        <>
          <strong>{step.event}</strong>{' '}
          <span className={styles.soft}>
            {step.ms === null ? t('notInLog') : t('published', { ms: step.ms })}
          </span>
        </>
      );
    case 'handled':
      return t('handled', { event: step.event });
    case 'setAside':
      return (
        <>
          <strong>{t('setAside', { event: step.event, attempts: step.attempts })}</strong>{' '}
          <span>{step.reason}</span>
        </>
      );
    case 'captured':
    case 'givenBack':
      return (
        <strong>
          {t.rich(step.kind, {
            amount: () => <Money amount={step.amount} />,
          })}
        </strong>
      );
    case 'noticeSent':
      return t('noticeSent', { notice: step.notice });
    case 'other':
      return step.text;
    default:
      return <strong>{t(step.kind)}</strong>;
  }
}
