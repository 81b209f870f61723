export { assetRoutes } from './routes.ts';
export { openThemes, type Themes, type ThemesOptions } from './themes.ts';
