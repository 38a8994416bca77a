// Before anything is painted: the theme that was chosen, if one was.
const theme = localStorage.getItem('jumun.theme');
if (theme === '"light"' || theme === '"dark"') document.documentElement.dataset.theme = JSON.parse(theme);
