from llmconfig.values.messages import Message


def test_a_message_reads_as_english_where_nobody_translates():
    assert str(Message("at most %(maximum)s", {"maximum": 3})) == "at most 3"


def test_a_message_inside_a_message_is_translated_too():
    message = Message("accepted: %(accepted)s", {"accepted": Message("a number")})
    german = {"accepted: %(accepted)s": "erlaubt: %(accepted)s", "a number": "eine Zahl"}
    assert message.translate(german.__getitem__) == "erlaubt: eine Zahl"


def test_a_percent_sign_without_parameters_is_only_a_sign():
    assert str(Message("100 % sure")) == "100 % sure"
