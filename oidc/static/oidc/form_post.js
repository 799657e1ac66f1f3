// Sends an authorization response in the form_post mode. Without scripts, people press the button.
document.forms[0].submit();
