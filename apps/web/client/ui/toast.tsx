import { Button } from 'react-aria-components/Button';
import { Text } from 'react-aria-components/Text';
import {
  UNSTABLE_Toast as AriaToast,
  UNSTABLE_ToastContent as ToastContent,
  UNSTABLE_ToastQueue as ToastQueue,
  UNSTABLE_ToastRegion as ToastRegion,
} from 'react-aria-components/Toast';
import { useTranslations } from 'use-intl';
import styles from './toast.module.css';

const SHOWN_MS = 6_000;
const queue = new ToastQueue<string>({ maxVisibleToasts: 3 });

/** Says briefly, at the edge of the page, that something was done or could not be. */
export function toast(text: string): void {
  queue.add(text, { timeout: SHOWN_MS });
}

/** Where toasts come up; once in a page that has some. */
export function Toasts() {
  const t = useTranslations('common');
  return (
    <ToastRegion queue={queue} className={styles.region ?? ''}>
      {({ toast: shown }) => (
        <AriaToast toast={shown} className={styles.toast ?? ''}>
          <ToastContent>
            <Text slot="title">{shown.content}</Text>
          </ToastContent>
          <Button slot="close">{t('close')}</Button>
        </AriaToast>
      )}
    </ToastRegion>
  );
}
