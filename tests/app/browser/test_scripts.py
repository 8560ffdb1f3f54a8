"""Better with JavaScript, and the same without."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.app.browser.conftest import Open
from tests.app.browser.pages import Visitor
from tests.app.conftest import sql
from tests.app.running import DEMO


def test_without_scripts_somebody_buys_changes_their_mind_and_logs_in(look: Open) -> None:
    page = look(java_script_enabled=False)
    visitor = Visitor(page)
    visitor.go("/product/camp-lantern")
    visitor.press("Add to cart")
    expect(page).to_have_url("/cart")
    page.get_by_label("Pieces of Camp lantern").fill("2")
    visitor.press("Change")
    expect(page.get_by_role("complementary", name="Total")).to_contain_text("$118.00")
    visitor.to_payment()
    visitor.pay("0002")
    expect(page.get_by_role("alert")).to_contain_text("The card was declined.")
    visitor.pay("4242")
    expect(page.get_by_role("heading", name="Thank you, Ada Nord.")).to_be_visible()
    page.get_by_text("Cancel this order").click()
    visitor.press("Yes, cancel it")
    expect(page.locator(".badge")).to_have_text("cancelled")
    page.get_by_role("link", name="Log in").click()
    page.get_by_label("E-mail").fill(DEMO["email"])
    page.get_by_label("Password").fill(DEMO["password"])
    visitor.press("Log in")
    visitor.go("/orders")
    expect(page.get_by_text("cancelled")).not_to_have_count(0)


def test_what_goes_into_the_cart_is_said_where_one_is(look: Open) -> None:
    page = look()
    page.goto("/product/camp-lantern")
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_role("status").filter(has_text="It is in your cart.")).to_be_visible()
    expect(page).to_have_url("/product/camp-lantern")
    expect(page.locator("#basket .pill")).to_have_text("with 1 pieces")
    expect(page.get_by_role("button", name="Add to cart")).to_be_enabled()
    page.get_by_label("Pieces").evaluate("field => { field.max = 99; field.value = 99 }")
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_role("alert")).to_contain_text("left of this one.")


def test_the_search_answers_while_somebody_types(look: Open) -> None:
    page = look()
    page.goto("/search")
    page.get_by_label("Search the shop").press_sequentially("lant")
    expect(page.locator(".card")).to_have_count(1)
    expect(page.get_by_role("status").filter(has_text="1 thing found")).to_be_visible()
    expect(page).to_have_url("/search?q=lant")
    expect(page.get_by_label("Search the shop")).to_be_focused()


def test_a_late_payment_turns_into_thanks_by_itself(look: Open, database_url: str) -> None:
    page = look()
    visitor = Visitor(page)
    visitor.fill_cart()
    visitor.to_payment()
    visitor.pay("9979")
    expect(page.get_by_role("heading", name="Waiting for your bank")).to_be_visible()
    number = page.locator(".number").first.inner_text()
    # As the provider's call back would do it, at a time that the test chooses.
    sql(database_url, f"UPDATE orders SET state = 'paid' WHERE number = '{number}'")
    expect(page.get_by_role("heading", name="Thank you, Ada Nord.")).to_be_visible()
    expect(page.locator(".badge")).to_have_text("paid")


def test_two_presses_on_pay_are_one_order(look: Open) -> None:
    page = look()
    visitor = Visitor(page)
    visitor.fill_cart()
    visitor.to_payment()
    sent: list[str] = []
    page.on("request", lambda request: request.method == "POST" and sent.append(request.url))
    page.evaluate("const pay = document.querySelector('[data-once] .wide'); pay.click(); pay.click()")
    expect(page.get_by_role("heading", name="Thank you, Ada Nord.")).to_be_visible()
    assert len(sent) == 1
    visitor.go("/orders")
    expect(page.locator(".orders li")).to_have_count(1)


def test_back_after_paying_is_no_second_order(look: Open) -> None:
    page = look()
    visitor = Visitor(page)
    visitor.fill_cart()
    visitor.to_payment()
    visitor.pay()
    expect(page.get_by_role("heading", name="Thank you, Ada Nord.")).to_be_visible()
    page.go_back()
    page.reload()
    # The payment's form is shown for what is in the cart; nothing is.
    expect(page.get_by_role("heading", name="Your cart")).to_be_visible()
    visitor.go("/orders")
    expect(page.locator(".orders li")).to_have_count(1)


def test_what_somebody_types_never_runs(look: Open) -> None:
    page = look()
    ran: list[str] = []
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    page.goto("/search")
    for attack in ("<img src=x onerror=alert(1)>", '"><script>alert(1)</script>', "'; alert(1)//"):
        page.get_by_label("Search the shop").fill(attack)
        expect(page.locator("main h1")).to_contain_text(attack)
        page.reload()
        expect(page.locator("main h1")).to_contain_text(attack)
    assert ran == []


def test_an_injected_script_or_style_is_stopped_by_the_policy(look: Open) -> None:
    page = look(attack=True)
    page.goto("/")
    stopped = page.evaluate(
        """async () => {
          const stopped = [];
          addEventListener("securitypolicyviolation", found => stopped.push(found.effectiveDirective));
          const script = document.createElement("script");
          try { script.textContent = "window.ran = 1" } catch { stopped.push("trusted-types") }
          const style = document.createElement("style");
          style.textContent = "body { display: none }";
          document.head.append(style);
          const image = new Image();
          image.src = "http://127.0.0.1:9/x.png";
          document.body.append(image);
          while (stopped.length < 3) await new Promise(done => setTimeout(done, 20));
          return [stopped, window.ran ?? 0];
        }"""
    )
    assert stopped[1] == 0
    assert {"trusted-types", "style-src-elem", "img-src"} <= set(stopped[0])
