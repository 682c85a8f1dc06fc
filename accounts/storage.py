"""What is done to stored files, whoever they belong to."""

from django.core.files.storage import default_storage


def delete_folder(folder: str) -> None:
    """Delete every stored object below a folder, those of lost attempts too."""
    try:
        folders, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in names:
        default_storage.delete(f"{folder}/{name}")
    for name in folders:
        delete_folder(f"{folder}/{name}")
    default_storage.delete(folder)
