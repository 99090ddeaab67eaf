"""The configuration over the socket: shown without secrets, checked without effect, taken anew whole or not at all."""

from tests.fakes.daemon import Running

FILE = "syncd.toml"


def with_wrong_file(daemon: Running) -> None:
    file = daemon.desk.place / FILE
    file.write_text(file.read_text() + "\n[sync]\nattempts = 'many'\n")


def test_secrets_are_not_shown(daemon: Running) -> None:
    login = '[{user = "someone", password = "hidden-password"}]'
    daemon.configure(token='"hidden-token"', logins=login, regions='{r1 = {user = "a", password = "hidden-too"}}')
    assert daemon.post("/v1/reload")[0] == 200
    answer = daemon.get("/v1/config")[1]
    fake = answer["config"]["collectors"]["fake"]
    assert (fake["token"], fake["logins"][0]["password"], fake["regions"]["r1"]["password"]) == ("***",) * 3
    assert fake["logins"][0]["user"] == "someone"
    assert "hidden" not in str(answer)


def test_the_files_are_named(quiet: Running) -> None:
    assert quiet.get("/v1/config")[1]["files"] == [str(quiet.desk.place / FILE)]


def test_good_files_have_no_complaints(quiet: Running) -> None:
    assert quiet.post("/v1/config/check") == (200, {"complaints": []})


def test_complaints_name_file_and_key_and_change_nothing(daemon: Running) -> None:
    before = daemon.get("/v1/config")
    with_wrong_file(daemon)
    complaint = daemon.post("/v1/config/check")[1]["complaints"][0]
    assert FILE in complaint
    assert "sync.attempts" in complaint
    assert daemon.get("/v1/config") == before
    assert daemon.get("/v1/status")[1]["configuration"]["refused"] == ""


def test_a_reload_names_the_files(quiet: Running) -> None:
    files = [str(quiet.desk.place / FILE)]
    assert quiet.post("/v1/reload") == (200, {"reloaded": True, "files": files})


def test_a_reload_of_a_wrong_file_is_refused_and_the_old_stays(daemon: Running) -> None:
    before = daemon.get("/v1/config")
    with_wrong_file(daemon)
    status, answer = daemon.post("/v1/reload")
    assert (status, answer["error"]["code"]) == (422, "refused")
    assert "sync.attempts" in answer["error"]["message"]
    assert daemon.get("/v1/config") == before
    assert "sync.attempts" in daemon.get("/v1/status")[1]["configuration"]["refused"]


def test_a_reload_takes_what_is_new(daemon: Running) -> None:
    daemon.configure(boxes="{a = 7}")
    daemon.post("/v1/reload")
    assert daemon.get("/v1/config")[1]["config"]["collectors"]["fake"]["boxes"] == {"a": 7}
