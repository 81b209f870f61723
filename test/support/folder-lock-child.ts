import { lockFolder } from '../../src/platform/db/folder-lock.ts';

/** Tries to lock the folder that its parent names; reports and keeps what it got. */
process.on('message', (folder: string) => {
  lockFolder(folder).then(
    () => process.send?.('locked'),
    (error: unknown) => process.send?.(String(error)),
  );
});
