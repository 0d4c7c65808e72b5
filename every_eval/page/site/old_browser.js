// Browsers that do not know modules run this script alone.
var old = document.getElementById("old");
if (old) old.textContent = "This browser is too old for this page. The page needs a browser of 2023 or later.";
