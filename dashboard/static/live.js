// Brings the page up to date while something is going: the server's page is read again, and its main part put in place.
if (DATA.live) {
  const again = async () => {
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      if (answer.ok && !answer.redirected) {
        const read = new DOMParser().parseFromString(await answer.text(), "text/html");
        Object.assign(DATA, JSON.parse(read.getElementById("data").textContent), { language });
        document.querySelector("main").replaceWith(read.querySelector("main"));
        attach();
        speak();
      } else if (answer.redirected) location.reload();
    } catch {
      // The server may be gone for a moment; the next look will tell.
    }
    if (DATA.live) setTimeout(again, 2000);
  };
  setTimeout(again, 2000);
}
