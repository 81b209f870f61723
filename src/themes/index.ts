export { makeThemes, type Themes, type ThemesOptions } from './themes.ts';
