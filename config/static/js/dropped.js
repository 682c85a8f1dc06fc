// Files dropped on an element, which shows while they are over it that it takes them.

/** Give what is dropped on an element to `take`: a list of files. */
export function takeDropped(element, take) {
  const hover = (kinds, isOver) => {
    for (const kind of kinds) {
      element.addEventListener(kind, (event) => {
        event.preventDefault();
        element.classList.toggle("over", isOver);
      });
    }
  };
  hover(["dragenter", "dragover"], true);
  hover(["dragleave", "drop"], false);
  element.addEventListener("drop", ({ dataTransfer }) => take([...dataTransfer.files]));
}
