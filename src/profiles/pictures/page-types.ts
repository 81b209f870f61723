import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';
import { form_parts } from '../page-parts.ts';

export const picturePage = definePage(
  'saas/profile/picture.html',
  Type.Object({
    owner: Type.Object({
      name: Type.String(),
      picture: Type.Union([Type.String(), Type.Null()]),
      /** Page of the details of the user or the profile. */
      back_url: Type.String(),
    }),
    form: Type.Record(Type.String(), Type.String()),
    ...form_parts,
  }),
  {
    empty: {
      owner: { name: 'Xia Lee', picture: null, back_url: paths.user('xia') },
      form: {},
      errors: {},
      detail: '',
    },
    typical: {
      owner: { name: 'Coworking Space', picture: '/static/img/icon.svg', back_url: paths.profile('cowork') },
      form: {},
      errors: {},
      detail: '',
    },
    error: {
      owner: { name: 'Xia Lee', picture: null, back_url: paths.user('xia') },
      form: {},
      errors: { file: ['The file is not a picture that can be read. Send a PNG, JPEG, GIF or WebP file.'] },
      detail: '',
    },
  },
);

export const picturePageTypes = [picturePage] as const;
