import { useTranslations } from 'use-intl';
import styles from './payment.module.css';

/**
 * How it is paid. The sandbox takes nothing, so there is nothing to enter; a provider's hosted fields have their place here.
 */
export function Payment() {
  const t = useTranslations('shop.payment');
  return (
    <fieldset className={styles.payment}>
      <legend>{t('title')}</legend>
      <p>
        <strong>{t('sandbox')}</strong>
        <span>{t('text')}</span>
      </p>
    </fieldset>
  );
}
