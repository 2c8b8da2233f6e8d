"""The hierarchy of keys: everything opens from the root down, and nothing opens anywhere else."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from services.docs_api.keychain import Keychain, WrappedFirmKey, WrappedMatterKey
from services.keys.fields import FieldError
from services.keys.files import NamedKey
from services.keys.roots import UnknownRootError, file_roots
from services.keys.wrapping import KeyName, UnwrapError, new_key

FIRM, OTHER = UUID("0192f0c1-0000-7000-8000-000000000001"), UUID("0192f0c1-0000-7000-8000-000000000002")


def _root() -> NamedKey:
    return NamedKey(KeyName("root", None, uuid4()), new_key())


@pytest.fixture
def root() -> NamedKey:
    return _root()


@pytest.fixture
def keychain(root: NamedKey) -> Keychain:
    return Keychain(file_roots(root))


@pytest.fixture
async def firm(keychain: Keychain) -> WrappedFirmKey:
    return await keychain.new_firm_key(FIRM, uuid4())


@pytest.fixture
def matter(keychain: Keychain, firm: WrappedFirmKey) -> WrappedMatterKey:
    return keychain.new_matter_key(firm, uuid4())


def test_a_data_key_opens_again_in_another_process(root: NamedKey, matter: WrappedMatterKey) -> None:
    version = uuid4()
    key, wrapped = Keychain(file_roots(root)).new_data_key(matter, version)
    assert Keychain(file_roots(root)).data_key(matter, version, wrapped) == key


@pytest.mark.parametrize("same_name", [True, False])
async def test_another_root_opens_nothing(
    root: NamedKey, firm: WrappedFirmKey, matter: WrappedMatterKey, *, same_name: bool
) -> None:
    other = NamedKey(root.name, new_key()) if same_name else _root()
    stranger = Keychain(file_roots(other))
    with pytest.raises(UnwrapError):
        await stranger.try_firm_key(firm)
    with pytest.raises(UnwrapError):
        stranger.matter_names(matter)


async def test_each_firm_key_opens_under_the_root_that_it_names(root: NamedKey) -> None:
    other = _root()
    both = Keychain(file_roots(root, other))
    firm = await both.new_firm_key(FIRM, uuid4(), str(other.name.id))
    matter = both.new_matter_key(firm, uuid4())
    assert firm.root == str(other.name.id)
    assert Keychain(file_roots(other)).matter_names(matter).key == both.matter_names(matter).key
    with pytest.raises(UnknownRootError):
        Keychain(file_roots(root)).matter_names(matter)
    moved = replace(matter, firm=replace(firm, root=str(root.name.id)))
    with pytest.raises(UnwrapError):
        both.matter_names(moved)


def test_a_remembered_key_does_not_open_in_another_place(
    keychain: Keychain, matter: WrappedMatterKey
) -> None:
    version = uuid4()
    _, wrapped = keychain.new_data_key(matter, version)
    keychain.data_key(matter, version, wrapped)
    with pytest.raises(UnwrapError):
        keychain.data_key(matter, uuid4(), wrapped)
    with pytest.raises(UnwrapError):
        keychain.matter_names(replace(matter, id=uuid4()))
    with pytest.raises(UnwrapError):
        keychain.matter_names(replace(matter, firm=replace(matter.firm, tenant=OTHER)))


def test_matters_have_keys_of_their_own(keychain: Keychain, firm: WrappedFirmKey) -> None:
    one, two = (keychain.new_matter_key(firm, uuid4()) for _ in range(2))
    row = uuid4()
    sealed = keychain.matter_names(one).seal("documents.name_sealed", row, "Brief.pdf")
    with pytest.raises(FieldError):
        keychain.matter_names(two).open("documents.name_sealed", row, sealed)
    assert keychain.matter_names(one).index("document.name", "x") != keychain.matter_names(two).index(
        "document.name", "x"
    )


def test_names_open_only_where_they_were_sealed(keychain: Keychain, matter: WrappedMatterKey) -> None:
    names, row = keychain.matter_names(matter), uuid4()
    sealed = names.seal("documents.name_sealed", row, "Brief.pdf")
    assert names.open("documents.name_sealed", row, sealed) == "Brief.pdf"
    with pytest.raises(FieldError):
        names.open("documents.name_sealed", uuid4(), sealed)
    with pytest.raises(FieldError):
        names.open("documents.folder_sealed", row, sealed)


def test_firm_and_matter_names_are_sealed_apart(keychain: Keychain, matter: WrappedMatterKey) -> None:
    row = uuid4()
    sealed = keychain.firm_names(matter.firm).seal("matters.number_sealed", row, "2026-1")
    with pytest.raises(FieldError):
        keychain.matter_names(matter).open("matters.number_sealed", row, sealed)


def test_only_the_most_recent_keys_are_remembered(keychain: Keychain, matter: WrappedMatterKey) -> None:
    for _ in range(3000):
        version = uuid4()
        _, wrapped = keychain.new_data_key(matter, version)
        keychain.data_key(matter, version, wrapped)
    assert len(keychain._remembered) <= 2048
    keychain.matter_names(matter)
